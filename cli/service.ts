import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { authorize } from "../clients/typescript/src/token.ts";
import { CacheService } from "../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../gen/dbconn/v1/task_pb.ts";
import { UsageError } from "./failure.ts";
import type { GlobalArguments } from "./options.ts";

export interface Service {
  readonly tasks: Client<typeof TaskService>;
  readonly schemas: Client<typeof SchemaService>;
  readonly cache: Client<typeof CacheService>;
  readonly status: Client<typeof StatusService>;
  /** For every call but those that wait or stream. */
  readonly bound: { readonly timeoutMs: number };
}

/** Opens the service for the time of the work. */
export async function withService<T>(
  { server, token, timeout }: GlobalArguments,
  work: (service: Service) => Promise<T>,
): Promise<T> {
  if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
    throw new UsageError(`--server: ${server} is no http:// or https:// address`);
  }
  if (!(timeout > 0)) throw new UsageError("--timeout: takes seconds, more than 0");
  const interceptors = authorize(token === "" ? undefined : token);
  const sessionManager = new Http2SessionManager(server);
  const transport = createGrpcTransport({ baseUrl: server, interceptors, sessionManager });
  try {
    return await work({
      tasks: createClient(TaskService, transport),
      schemas: createClient(SchemaService, transport),
      cache: createClient(CacheService, transport),
      status: createClient(StatusService, transport),
      bound: { timeoutMs: 1000 * timeout },
    });
  } finally {
    sessionManager.abort();
  }
}
