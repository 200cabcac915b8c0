import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { DatabaseService } from "../../gen/legacy/database_service/database_service_pb.ts";
import { Access, type Caller } from "./access.ts";

/**
 * What the contract promises, written down apart from the service's own table: the scope, and the field whose value it
 * may be limited to.
 */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "task:read": {
    GetTask: "kind",
    BatchGetTasks: "names.kind",
    ListTasks: "kind",
    CountTasks: "kind",
    ListTaskEvents: "kind",
    WaitTask: "kind",
    WatchTasks: "kind",
    GetTaskPolicy: "",
    GetTaskId: "task",
    GetTasksByImportName: "task",
  },
  "task:write": {
    CreateTask: "kind",
    PutTask: "kind",
    UpdateTask: "kind",
    BatchUpdateTasks: "requests.kind",
    CancelTask: "kind",
    CancelTasks: "kind",
    DeleteTask: "kind",
    UpdateTaskId: "task",
    SetTaskId: "task",
    RemoveTaskId: "task",
  },
  "schema:read": {
    GetSchema: "name",
    GetRelease: "name",
    ListSchemas: "",
    ListReleases: "name",
    DiffReleases: "name",
    ValidateDocuments: "name",
    ListSchemaEvents: "name",
    ExportSchemas: "",
    MongoGetRawSchemas: "importName",
    MongoCountAllDocuments: "",
    MongoFindJsonSchema: "importName",
  },
  "schema:write": {
    PublishRelease: "name",
    UpdateSchema: "name",
    RevertSchema: "name",
    DeleteRelease: "name",
    DeleteSchema: "name",
    UndeleteSchema: "name",
    ImportSchemas: "schemas.schema.name",
    MongoInsertOneSchema: "importName",
    MongoUpdateOneJsonSchema: "importName",
    MongoDeleteOneJsonSchema: "importName",
    MongoDeleteImportName: "importName",
  },
  "schema:admin": { PurgeSchema: "name" },
  "cache:read": {
    GetEntry: "namespace",
    BatchGetEntries: "namespace",
    ListKeys: "namespace",
    GetCacheStats: "namespace",
    RedisGetKeys: "",
    RedisGet: "",
    RedisGetCache: "",
  },
  "cache:write": {
    SetEntry: "namespace",
    DeleteEntry: "namespace",
    TouchEntry: "namespace",
    IncrementEntry: "namespace",
    BatchSetEntries: "requests.namespace",
    BatchDeleteEntries: "namespace",
    LeaseEntry: "namespace",
    RedisSet: "",
    RedisDelete: "",
  },
  "cache:admin": { ClearCache: "namespace", RedisClearCache: "" },
  "status:read": { GetStatus: "", WatchStatus: "", PingStore: "", RedisPing: "", MongoPing: "" },
};

const METHODS = [TaskService, SchemaService, CacheService, StatusService, DatabaseService].flatMap(
  ({ methods }) => methods,
);
const CASES = Object.entries(EXPECTED).flatMap(([scope, methods]) =>
  Object.entries(methods).map(([name, path]) => ({ scope, name, path })),
);

const access = new Access();
const tokens = new Map<string, string>();
const PROTOCOLS = ["Connect JSON", "gRPC"] as const;
type Protocol = (typeof PROTOCOLS)[number];
const caller = (name: string, protocol: Protocol): Caller => access.as(tokens.get(name) ?? "", protocol);

beforeAll(async () => {
  for (const scope of Object.keys(EXPECTED)) {
    tokens.set(scope, access.token(`only-${scope}`, scope));
    tokens.set(`all but ${scope}`, access.token(`no-${scope}`, ...everythingBut(scope)));
    if (scope.startsWith("status")) continue;
    for (const limit of ["mine", "mi*", "other"]) {
      tokens.set(`${scope}:${limit}`, access.token(`limited-${scope}:${limit}`, `${scope}:${limit}`));
    }
  }
  await access.start();
});
afterAll(() => access.close());

it("the matrix has every method once", () => {
  expect(CASES.map(({ name }) => name).sort()).toEqual(METHODS.map(({ name }) => name).sort());
});

describe.each(CASES)("$name", ({ scope, name, path }) => {
  const method = methodOf(name);
  const request = requestFor(method.input, path === "" ? [] : path.split("."), "mine");
  const changes = method.idempotency !== 1;

  it.each(PROTOCOLS)("is not for callers without a token, over %s", async (protocol) => {
    const error = await refusal(access.as("", protocol), method, request);
    expect(error?.code).toBe(Code.Unauthenticated);
    expect(error?.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "UNAUTHENTICATED",
      metadata: { applied: "no" },
    });
  });

  it.each(PROTOCOLS)(
    "is not for callers with every scope but the one it needs, over %s",
    async (protocol) => {
      const error = await refusal(caller(`all but ${scope}`, protocol), method, request);
      expect(error?.code).toBe(Code.PermissionDenied);
      expect(error?.findDetails(ErrorInfoSchema)[0]).toMatchObject({
        reason: "PERMISSION_DENIED",
        metadata: { scope, ...(changes ? { applied: "no" } : {}) },
      });
    },
  );

  it.each(PROTOCOLS)("is for callers with that scope alone, over %s", async (protocol) => {
    const error = await refusal(caller(scope, protocol), method, request);
    expect([undefined, ...OTHER_CODES]).toContain(error?.code);
  });

  if (path !== "") {
    it.each(PROTOCOLS)(
      "is for those whose scope holds for what the request names, over %s",
      async (protocol) => {
        expect((await refusal(caller(`${scope}:other`, protocol), method, request))?.code).toBe(
          Code.PermissionDenied,
        );
        for (const limit of ["mine", "mi*"]) {
          const error = await refusal(caller(`${scope}:${limit}`, protocol), method, request);
          expect([undefined, ...OTHER_CODES]).toContain(error?.code);
        }
      },
    );
  }
});

describe("what is open to everybody", () => {
  it("are health checks and probes", async () => {
    expect(await refusal(access.as(""), Health.method.check, {})).toBeUndefined();
    for (const path of ["/livez", "/readyz"]) {
      expect((await fetch(`${access.server.url}${path}`)).status).toBe(200);
    }
  });

  it("is no other page", async () => {
    const statusOf = async (path: string, token: string) =>
      (await fetch(`${access.server.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
    const reader = tokens.get("status:read") ?? "";
    const other = tokens.get("task:read") ?? "";
    for (const path of ["/metrics", "/openapi.json"]) expect(await statusOf(path, "wrong")).toBe(401);
    expect(await statusOf("/metrics", other)).toBe(403);
    expect(await statusOf("/metrics", reader)).toBe(200);
    expect(await statusOf("/openapi.json", other)).toBe(200);
  });

  it("is not the description of the API", async () => {
    const sessionManager = new Http2SessionManager(access.server.url);
    onTestFinished(() => sessionManager.abort());
    const grpc = { transport: createGrpcTransport({ baseUrl: access.server.url, sessionManager }) };
    const error = await refusal(grpc, ServerReflection.method.serverReflectionInfo, {});
    expect(error?.code).toBe(Code.Unauthenticated);
  });
});

/** The codes of calls that were let in: of what they ask for there is nothing, or not enough is said. */
const OTHER_CODES = [
  Code.NotFound,
  Code.InvalidArgument,
  Code.FailedPrecondition,
  Code.AlreadyExists,
  Code.Aborted,
  Code.Unimplemented,
];

/** The scopes of everything else, and of the same area what is less. */
function everythingBut(scope: string): readonly string[] {
  const [area = "", level = ""] = scope.split(":");
  const others = ["task", "schema", "cache", "status"]
    .filter((other) => other !== area)
    .map((o) => `${o}:admin`);
  const less = ["read", "write", "admin"].slice(0, ["read", "write", "admin"].indexOf(level));
  return [...others, ...less.map((lower) => `${area}:${lower}`)];
}

function methodOf(name: string): DescMethod {
  const method = METHODS.find((one) => one.name === name);
  if (method === undefined) throw new Error(`there is no method ${name}`);
  return method;
}

/** A request that says no more than the one name. */
function requestFor(
  desc: DescMessage,
  [first, ...rest]: readonly string[],
  name: string,
): Record<string, unknown> {
  if (first === undefined) return {};
  const field = desc.field[first];
  if (field === undefined) throw new Error(`${desc.typeName} has no field ${first}`);
  const inner = field.message === undefined ? name : requestFor(field.message, rest, name);
  return { [first]: field.fieldKind === "list" ? [inner] : inner };
}

/** How the call, or the first answer of its stream, was refused. */
async function refusal(
  { transport }: Pick<Caller, "transport">,
  method: DescMethod,
  request: Record<string, unknown>,
): Promise<ConnectError | undefined> {
  const end = new AbortController();
  try {
    if (method.methodKind === "unary") {
      await transport.unary({ ...method, methodKind: "unary" }, end.signal, undefined, undefined, request);
      return undefined;
    }
    const streaming = { ...method, methodKind: "server_streaming" } as const;
    const { message } = await transport.stream(streaming, end.signal, undefined, undefined, one(request));
    for await (const _first of message) break;
    return undefined;
  } catch (error) {
    return ConnectError.from(error);
  } finally {
    end.abort();
  }
}

async function* one<T>(request: T): AsyncIterable<T> {
  yield request;
}
