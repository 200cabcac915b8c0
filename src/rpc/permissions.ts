/**
 * Who may call what: one row for each method. A method without a row is denied to everybody, and a test says so before
 * that can happen.
 */
import type { Area, Level } from "../auth/grants.ts";
import { LEGACY_NAMESPACE } from "./legacy/cache.ts";
import { encodeName } from "./legacy/names.ts";

/** Which names a call is about, and what one means that names none. */
export type Names =
  /** The method is about nothing that has names: any grant of the area will do. */
  | { readonly of: "nothing" }
  /** `path`: the request's field, through lists: `requests.kind`. Empty text stands for `empty`. */
  | {
      readonly of: "field";
      readonly path: string;
      readonly empty: string;
      readonly read: (text: string) => string;
    }
  /** As above, but a call that names none is about all that the caller may see. */
  | { readonly of: "visible"; readonly path: string | undefined }
  /** As above, but a call that names none is about everything there is. */
  | { readonly of: "everything"; readonly path: string }
  /** Always this one. */
  | { readonly of: "constant"; readonly name: string };

export interface Permission {
  readonly area: Area;
  readonly level: Level;
  readonly names: Names;
}

/** `public`: health checks. `authenticated`: whoever is known may, as it tells nothing of what is stored. */
export type Row = Permission | "public" | "authenticated";

const asIs = (text: string): string => text;
const NOTHING: Names = { of: "nothing" };
const LEGACY: Names = { of: "constant", name: LEGACY_NAMESPACE };
const field = (path: string, empty = ""): Names => ({ of: "field", path, empty, read: asIs });
const legacyName = (path: string): Names => ({ of: "field", path, empty: "", read: encodeName });
const visible = (path?: string): Names => ({ of: "visible", path });

type Rows = Readonly<Record<string, Row>>;

function rows(area: Area, methods: Readonly<Record<string, readonly [Level, Names]>>): Rows {
  return Object.fromEntries(
    Object.entries(methods).map(([method, [level, names]]) => [method, { area, level, names }]),
  );
}

const NAMESPACE = field("namespace", "default");

/** By service, then by method. */
export const PERMISSIONS: Readonly<Record<string, Rows>> = {
  "dbconn.v1.TaskService": rows("task", {
    CreateTask: ["write", field("kind")],
    PutTask: ["write", field("kind")],
    GetTask: ["read", field("kind")],
    BatchGetTasks: ["read", field("names.kind")],
    UpdateTask: ["write", field("kind")],
    BatchUpdateTasks: ["write", field("requests.kind")],
    CancelTask: ["write", field("kind")],
    CancelTasks: ["write", visible("kind")],
    DeleteTask: ["write", field("kind")],
    ListTasks: ["read", visible("kind")],
    CountTasks: ["read", visible("kind")],
    ListTaskEvents: ["read", field("kind")],
    WaitTask: ["read", field("kind")],
    WatchTasks: ["read", visible("kind")],
    GetTaskPolicy: ["read", NOTHING],
  }),
  "dbconn.v1.SchemaService": rows("schema", {
    PublishRelease: ["write", field("name")],
    GetSchema: ["read", field("name")],
    GetRelease: ["read", field("name")],
    ListSchemas: ["read", visible()],
    ListReleases: ["read", field("name")],
    DiffReleases: ["read", field("name")],
    ValidateDocuments: ["read", field("name")],
    UpdateSchema: ["write", field("name")],
    RevertSchema: ["write", field("name")],
    DeleteRelease: ["write", field("name")],
    DeleteSchema: ["write", field("name")],
    UndeleteSchema: ["write", field("name")],
    PurgeSchema: ["admin", field("name")],
    ListSchemaEvents: ["read", field("name")],
    ExportSchemas: ["read", visible()],
    ImportSchemas: ["write", field("schemas.schema.name")],
  }),
  "dbconn.v1.CacheService": rows("cache", {
    GetEntry: ["read", NAMESPACE],
    SetEntry: ["write", NAMESPACE],
    DeleteEntry: ["write", NAMESPACE],
    TouchEntry: ["write", NAMESPACE],
    IncrementEntry: ["write", NAMESPACE],
    BatchGetEntries: ["read", NAMESPACE],
    BatchSetEntries: ["write", field("requests.namespace", "default")],
    BatchDeleteEntries: ["write", NAMESPACE],
    LeaseEntry: ["write", NAMESPACE],
    ListKeys: ["read", NAMESPACE],
    ClearCache: ["admin", { of: "everything", path: "namespace" }],
    GetCacheStats: ["read", visible("namespace")],
  }),
  "dbconn.v1.StatusService": rows("status", {
    GetStatus: ["read", NOTHING],
    WatchStatus: ["read", NOTHING],
    PingStore: ["read", NOTHING],
  }),
  "database_service.DatabaseService": {
    ...rows("cache", {
      RedisGetKeys: ["read", LEGACY],
      RedisSet: ["write", LEGACY],
      RedisGet: ["read", LEGACY],
      RedisDelete: ["write", LEGACY],
      RedisGetCache: ["read", LEGACY],
      RedisClearCache: ["admin", LEGACY],
    }),
    ...rows("schema", {
      MongoGetRawSchemas: ["read", legacyName("importName")],
      MongoInsertOneSchema: ["write", legacyName("importName")],
      MongoCountAllDocuments: ["read", visible()],
      MongoFindJsonSchema: ["read", legacyName("importName")],
      MongoUpdateOneJsonSchema: ["write", legacyName("importName")],
      MongoDeleteOneJsonSchema: ["write", legacyName("importName")],
      MongoDeleteImportName: ["write", legacyName("importName")],
    }),
    ...rows("task", {
      UpdateTaskId: ["write", legacyName("task")],
      SetTaskId: ["write", legacyName("task")],
      GetTaskId: ["read", legacyName("task")],
      GetTasksByImportName: ["read", legacyName("task")],
      RemoveTaskId: ["write", legacyName("task")],
    }),
    ...rows("status", { RedisPing: ["read", NOTHING], MongoPing: ["read", NOTHING] }),
  },
  "grpc.health.v1.Health": { Check: "public", List: "public", Watch: "public" },
  "grpc.reflection.v1.ServerReflection": { ServerReflectionInfo: "authenticated" },
  "grpc.reflection.v1alpha.ServerReflection": { ServerReflectionInfo: "authenticated" },
};

/** Undefined for a method that nobody decided about. */
export function rowOf(service: string, method: string): Row | undefined {
  const methods = Object.hasOwn(PERMISSIONS, service) ? PERMISSIONS[service] : undefined;
  return methods !== undefined && Object.hasOwn(methods, method) ? methods[method] : undefined;
}
