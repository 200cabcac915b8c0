import { create, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CacheService, ClearCacheRequestSchema } from "../../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../../gen/dbconn/v1/task_pb.ts";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../../gen/health/v1/health_pb.ts";
import { DatabaseService } from "../../../gen/legacy/database_service/database_service_pb.ts";
import { Grants } from "../../../src/auth/grants.ts";
import { authorize } from "../../../src/rpc/authorize.ts";
import { PERMISSIONS, type Permission, rowOf } from "../../../src/rpc/permissions.ts";

const SERVICES = [
  TaskService,
  SchemaService,
  CacheService,
  StatusService,
  DatabaseService,
  Health,
  ServerReflection,
  ServerReflectionAlpha,
];
const METHODS = SERVICES.flatMap(({ methods }) => methods);
const nameOf = ({ parent, name }: DescMethod) => `${parent.typeName}/${name}`;

describe("the permission table", () => {
  it("has a row for every method, and no row for anything else", () => {
    const rows = Object.entries(PERMISSIONS).flatMap(([service, methods]) =>
      Object.keys(methods).map((method) => `${service}/${method}`),
    );
    expect([...rows].sort()).toEqual(METHODS.map(nameOf).sort());
  });

  it("has none for what only looks like a method", () => {
    for (const name of ["constructor", "__proto__", "toString", "", "gettask"]) {
      expect(rowOf("dbconn.v1.TaskService", name)).toBeUndefined();
      expect(rowOf(name, "GetTask")).toBeUndefined();
    }
  });

  it("names fields that the requests have", () => {
    for (const method of METHODS) {
      const names = permissionOf(method)?.names;
      if (names === undefined || !("path" in names) || names.path === undefined) continue;
      expect(isTextField(method.input, names.path.split(".")), nameOf(method)).toBe(true);
    }
  });

  it("asks for more than the right to read where something changes", () => {
    const changing = METHODS.filter(
      (method) => method.idempotency !== 1 && permissionOf(method) !== undefined,
    );
    expect(changing.length).toBeGreaterThan(20);
    for (const method of changing) expect(permissionOf(method)?.level, nameOf(method)).not.toBe("read");
  });

  it("asks for admin where data is cleared or purged", () => {
    for (const method of METHODS.filter(({ name }) => /Clear|Purge/.test(name))) {
      expect(permissionOf(method)?.level, nameOf(method)).toBe("admin");
    }
  });
});

describe("a grant for some names", () => {
  const grants = new Grants(["cache:admin:user", "task:write:import-*"]);
  const judge = (service: string, method: string, request: object) => () => {
    const row = rowOf(service, method);
    if (row === undefined || typeof row === "string") throw new Error("no permission");
    return authorize(row, grants, request);
  };

  it("is not enough for what names everything", () => {
    const clear = (request: Parameters<typeof create<typeof ClearCacheRequestSchema>>[1]) =>
      judge("dbconn.v1.CacheService", "ClearCache", create(ClearCacheRequestSchema, request));
    expect(clear({ namespace: "user", pattern: "a*" })).not.toThrow();
    expect(clear({ allNamespaces: true })).toThrow(/cache:admin/);
    expect(clear({ pattern: "*" })).toThrow(/cache:admin/);
    expect(clear({ namespace: "session" })).toThrow(/cache:admin/);
  });

  it("has to cover every item of a batch", () => {
    const batch = (...kinds: string[]) =>
      judge("dbconn.v1.TaskService", "BatchUpdateTasks", { requests: kinds.map((kind) => ({ kind })) });
    expect(batch("import-a", "import-b")).not.toThrow();
    expect(batch("import-a", "export")).toThrow(/requests\.kind/);
    expect(batch("import-a", "")).toThrow(/requests\.kind/);
  });

  it("covers the namespace that is meant when none is named only if it names that", () => {
    const get = (request: object) => judge("dbconn.v1.CacheService", "GetEntry", request);
    expect(get({ namespace: "user" })).not.toThrow();
    expect(get({ namespace: "" })).toThrow(/namespace/);
    expect(() => authorize(cacheRead(), new Grants(["cache:read:default"]), { namespace: "" })).not.toThrow();
  });

  it("of an old client's kind holds for the name that it is stored under", () => {
    const row = rowOf("database_service.DatabaseService", "GetTaskId");
    if (row === undefined || typeof row === "string") throw new Error("no permission");
    const stored = new Grants(["task:read:a%20b"]);
    expect(() => authorize(row, stored, { task: "a b" })).not.toThrow();
    expect(() => authorize(row, stored, { task: "a%20b" })).toThrow(/task/);
  });
});

function cacheRead(): Permission {
  const row = rowOf("dbconn.v1.CacheService", "GetEntry");
  if (row === undefined || typeof row === "string") throw new Error("no permission");
  return row;
}

function permissionOf(method: DescMethod): Permission | undefined {
  const row = rowOf(method.parent.typeName, method.name);
  return typeof row === "string" ? undefined : row;
}

function isTextField(message: DescMessage, [first = "", ...rest]: readonly string[]): boolean {
  const field = message.field[first];
  if (field === undefined) return false;
  if (rest.length === 0) return field.fieldKind === "scalar" && field.scalar === 9;
  return field.message !== undefined && isTextField(field.message, rest);
}
