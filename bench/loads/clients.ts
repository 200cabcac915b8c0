import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";

export interface Clients {
  readonly cache: Client<typeof CacheService>;
  readonly tasks: Client<typeof TaskService>;
  readonly schemas: Client<typeof SchemaService>;
}

/** For seeding and for measurements of single calls: over gRPC, all on one connection. */
export async function withClients<T>(
  port: number,
  use: (clients: Clients) => Promise<T>,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  const baseUrl = `http://127.0.0.1:${port}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: [
      (next) => (request) => {
        for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
        return next(request);
      },
    ],
  });
  try {
    return await use({
      cache: createClient(CacheService, transport),
      tasks: createClient(TaskService, transport),
      schemas: createClient(SchemaService, transport),
    });
  } finally {
    sessionManager.abort();
  }
}
