import type { DescMessage, DescMethodUnary } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  createMethodImplSpec,
  createServiceImplSpec,
  type Interceptor,
  type MethodImplSpec,
} from "@connectrpc/connect";
import {
  createMethodSerializationLookup,
  type MethodSerializationLookup,
} from "@connectrpc/connect/protocol";
import { withKeptEncodings } from "../../rpc/kept-encodings.ts";
import { chain, type Handler } from "./chain.ts";

/** A unary method with all that is done around it. */
export interface LaneMethod {
  readonly path: string;
  readonly method: DescMethodUnary;
  readonly serialization: MethodSerializationLookup<DescMessage, DescMessage>;
  /** The handler inside its interceptors. */
  readonly handle: Handler;
}

export interface MethodTableOptions {
  /** Around methods that are registered without interceptors of their own, the first outermost. */
  readonly interceptors: readonly Interceptor[];
  readonly jsonOptions: object;
  readonly readMaxBytes: number;
  readonly writeMaxBytes: number;
}

/** The unary methods, taken down while they are registered with Connect's router: both have the same handlers. */
export class MethodTable {
  readonly #methods = new Map<string, LaneMethod>();
  readonly #options: MethodTableOptions;

  constructor(options: MethodTableOptions) {
    this.#options = options;
  }

  at(path: string): LaneMethod | undefined {
    return this.#methods.get(path);
  }

  /** A router that registers with the other one, and here. */
  beside(router: ConnectRouter): ConnectRouter {
    const add = (spec: MethodImplSpec, own: { readonly interceptors?: Interceptor[] } | undefined): void => {
      if (spec.kind === "unary") this.#add(spec, own?.interceptors ?? this.#options.interceptors);
    };
    return {
      handlers: router.handlers,
      service(service, implementation, options) {
        router.service(service, implementation, options);
        const { methods } = createServiceImplSpec(service, implementation);
        for (const spec of Object.values(methods)) add(spec, options);
        return this;
      },
      rpc(method, implementation, options) {
        router.rpc(method, implementation, options);
        add(createMethodImplSpec(method, implementation), options);
        return this;
      },
    };
  }

  #add({ method, impl }: MethodImplSpec & { kind: "unary" }, interceptors: readonly Interceptor[]): void {
    const path = `/${method.parent.typeName}/${method.name}`;
    const { jsonOptions, readMaxBytes, writeMaxBytes } = this.#options;
    const limits = { readMaxBytes, writeMaxBytes, compressMinBytes: 0 };
    const serialization = withKeptEncodings(
      method.output,
      createMethodSerializationLookup(method, undefined, jsonOptions, limits),
    );
    this.#methods.set(path, { path, method, serialization, handle: chain(impl, interceptors) });
  }
}
