// The ways into the port, and clients over them that remember which methods were answered.
import { createRegistry } from "@bufbuild/protobuf";
import {
  type Client,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";

export const SERVICES = [TaskService, SchemaService, CacheService, StatusService] as const;

/** The details of a batch's items are Anys, which a JSON client has to know by name. */
export const jsonOptions = { registry: createRegistry(ErrorInfoSchema, BadRequestSchema, RetryInfoSchema) };

interface Way {
  readonly baseUrl: string;
  readonly interceptors: Interceptor[];
  readonly sessionManager: Http2SessionManager;
}

/** Every protocol in one form at least, on the HTTP version that its clients use. */
const WAYS = {
  gRPC: (way: Way) => createGrpcTransport(way),
  "gRPC-Web": ({ baseUrl, interceptors }: Way) =>
    createGrpcWebTransport({ baseUrl, interceptors, httpVersion: "1.1" }),
  "Connect JSON on HTTP/1.1": ({ baseUrl, interceptors }: Way) =>
    createConnectTransport({
      baseUrl,
      interceptors,
      httpVersion: "1.1",
      useBinaryFormat: false,
      jsonOptions,
    }),
  "Connect binary on HTTP/2": (way: Way) =>
    createConnectTransport({ ...way, httpVersion: "2", useBinaryFormat: true }),
  "Connect GET on HTTP/1.1": ({ baseUrl, interceptors }: Way) =>
    createConnectTransport({
      baseUrl,
      interceptors,
      httpVersion: "1.1",
      useBinaryFormat: false,
      jsonOptions,
      useHttpGet: true,
    }),
} satisfies Record<string, (way: Way) => Transport>;

export type Protocol = keyof typeof WAYS;
export const PROTOCOLS = Object.keys(WAYS) as readonly Protocol[];

export interface Clients {
  readonly tasks: Client<typeof TaskService>;
  readonly schemas: Client<typeof SchemaService>;
  readonly cache: Client<typeof CacheService>;
  readonly status: Client<typeof StatusService>;
  readonly transport: Transport;
  /** `Service/Method` of each call that was answered OK. */
  readonly answered: ReadonlySet<string>;
  close(): void;
}

export function connect(protocol: Protocol, baseUrl: string): Clients {
  const answered = new Set<string>();
  const record: Interceptor = (next) => async (request) => {
    const response = await next(request);
    answered.add(`${request.service.typeName}/${request.method.name}`);
    return response;
  };
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = WAYS[protocol]({ baseUrl, interceptors: [record], sessionManager });
  return {
    tasks: createClient(TaskService, transport),
    schemas: createClient(SchemaService, transport),
    cache: createClient(CacheService, transport),
    status: createClient(StatusService, transport),
    transport,
    answered,
    close: () => sessionManager.abort(),
  };
}

/** The error that a call must end with. */
export async function failure(call: Promise<unknown>): Promise<ConnectError> {
  const outcome = await call.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome) return ConnectError.from(outcome.error);
  throw new Error(
    `the call was answered: ${JSON.stringify(outcome.answer, (_, v) => (typeof v === "bigint" ? String(v) : v))}`,
  );
}
