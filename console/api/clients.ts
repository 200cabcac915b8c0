// The service's own API, the one that every client uses, over Connect.
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { askForToken, token } from "./token.ts";

/** Longer than the service's own default, so that its answer comes first. */
const UNARY_TIMEOUT_MS = 15_000;

const authorize: Interceptor = (next) => async (request) => {
  if (token.value !== "") request.header.set("authorization", `Bearer ${token.value}`);
  try {
    return await next(request);
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unauthenticated) askForToken();
    throw error;
  }
};

const transport = createConnectTransport({
  // The service lies one level above the console, also behind a proxy that puts both under a path.
  baseUrl: new URL("..", document.baseURI).href.replace(/\/$/, ""),
  interceptors: [authorize],
});

/** For calls that answer once; a watch must not have it. */
export const bounded = (signal?: AbortSignal) => ({
  timeoutMs: UNARY_TIMEOUT_MS,
  ...(signal === undefined ? {} : { signal }),
});

export const tasksApi = createClient(TaskService, transport);
export const schemasApi = createClient(SchemaService, transport);
export const cacheApi = createClient(CacheService, transport);
export const statusApi = createClient(StatusService, transport);
