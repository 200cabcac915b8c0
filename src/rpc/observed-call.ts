/** Where a call's interceptors find what is written down of it. */
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, createContextKey } from "@connectrpc/connect";
import type { ObservedCall } from "../observability/calls.ts";

/** Undefined where nobody observes. */
export const observedCall = createContextKey<ObservedCall | undefined>(undefined);

/** A method as logs, metrics and traces name it: package.Service/Method. */
export function methodName({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

/** A code by its gRPC name: NOT_FOUND. */
export function codeName(code: Code): string {
  return CODE_NAMES.get(code) ?? "UNKNOWN";
}

const CODE_NAMES: ReadonlyMap<Code, string> = new Map(
  Object.entries(Code).flatMap(([name, code]) =>
    typeof code === "number"
      ? // Connect spells it with one l.
        [[code, code === Code.Canceled ? "CANCELLED" : name.replace(/(?!^)[A-Z]/g, "_$&").toUpperCase()]]
      : [],
  ),
);
