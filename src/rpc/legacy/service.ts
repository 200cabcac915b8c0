/** The contract of the service that this one replaces, over the same tasks, schemas and cache as dbconn.v1. */
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { DatabaseService } from "../../../gen/legacy/database_service/database_service_pb.ts";
import { MongoPingResponseSchema } from "../../../gen/legacy/mongo/mongo_pb.ts";
import { RedisPingResponseSchema } from "../../../gen/legacy/redis/redis_pb.ts";
import type { CacheContext } from "../../domain/cache/context.ts";
import type { SchemaContext } from "../../domain/schemas/context.ts";
import type { Tasks } from "../../domain/tasks/tasks.ts";
import { ServiceError } from "../../errors.ts";
import { cacheMethods } from "./cache.ts";
import type { IsPattern } from "./keywords.ts";
import { schemaMethods } from "./schemas.ts";
import { taskMethods } from "./tasks.ts";

export interface LegacyOptions {
  readonly tasks: Tasks;
  readonly schemas: SchemaContext;
  readonly cache: CacheContext;
  readonly stores: { ping(store: "hot" | "durable", signal?: AbortSignal): Promise<void> };
  readonly isPattern: IsPattern;
  /** What one answer may have: those that cannot be paged are whole, or RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
}

export function createLegacyService(options: LegacyOptions): ServiceImpl<typeof DatabaseService> {
  const { tasks, schemas, cache, stores, isPattern, maxMessageBytes } = options;
  return {
    ...taskMethods(tasks, maxMessageBytes),
    ...schemaMethods({ schemas, isPattern, maxMessageBytes }),
    ...cacheMethods(cache, maxMessageBytes),
    async redisPing(_request, { signal }) {
      return create(RedisPingResponseSchema, { pong: await answers(stores.ping("hot", signal)) });
    },
    async mongoPing(_request, { signal }) {
      return create(MongoPingResponseSchema, { pong: await answers(stores.ping("durable", signal)) });
    },
  };
}

async function answers(ping: Promise<void>): Promise<boolean> {
  try {
    await ping;
    return true;
  } catch (error) {
    if (error instanceof ServiceError && error.kind === "unavailable") return false;
    throw error;
  }
}
