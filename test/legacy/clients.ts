// Clients of both contracts over gRPC, for one port.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { vi } from "vitest";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { type Mode, StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../../gen/health/v1/health_pb.ts";
import { DatabaseService } from "../../gen/legacy/database_service/database_service_pb.ts";

export type Clients = ReturnType<typeof connectBoth>;

export function connectBoth(baseUrl: string) {
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, sessionManager });
  return {
    old: createClient(DatabaseService, transport),
    tasks: createClient(TaskService, transport),
    schemas: createClient(SchemaService, transport),
    cache: createClient(CacheService, transport),
    status: createClient(StatusService, transport),
    health: createClient(Health, transport),
    close: () => sessionManager.abort(),
  };
}

/** Resolves when health says that the service is there; an empty name is the whole server. */
export async function serves({ health }: Clients, service: string): Promise<void> {
  for await (const { status } of health.watch({ service })) {
    if (status === HealthCheckResponse_ServingStatus.SERVING) return;
  }
}

/** Resolves when the service itself says that it uses its stores so. */
export async function modeIs({ status }: Clients, mode: Mode): Promise<void> {
  const isIt = async () => (await status.getStatus({})).mode === mode;
  await vi.waitUntil(isIt, { timeout: 60_000, interval: 100 });
}
