import { globSync, readFileSync } from "node:fs";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";
import { violationsOf } from "../support/layers.ts";

function importsOf(file: string, source: string): readonly string[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse`);
  return [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((statement) =>
      statement.entries.flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : [])),
    ),
    // import("...") as an expression and as a type.
    ...[...source.matchAll(/\bimport\(\s*["']([^"']+)["']/g)].flatMap((match) => match[1] ?? []),
  ];
}

describe("the layers", () => {
  it("import only in the direction server -> rpc -> domain -> consistency -> ports <- adapters", () => {
    const files = globSync("src/**/*.ts").map((path) => {
      const file = path.replaceAll("\\", "/");
      return { file, imports: importsOf(file, readFileSync(path, "utf8")) };
    });
    expect(files.length).toBeGreaterThan(0);
    expect(violationsOf(files)).toEqual([]);
  });

  it.each([
    ["src/domain/tasks/get.ts", "redis"],
    ["src/domain/tasks/get.ts", "mongodb"],
    ["src/domain/tasks/get.ts", "fastify"],
    ["src/domain/tasks/get.ts", "@connectrpc/connect"],
    ["src/domain/tasks/get.ts", "@bufbuild/protobuf/wkt"],
    ["src/domain/tasks/get.ts", "node:sqlite"],
    ["src/domain/tasks/get.ts", "../../../gen/dbconn/v1/task_pb.ts"],
    ["src/domain/tasks/get.ts", "../../rpc/task-service.ts"],
    ["src/domain/tasks/get.ts", "../../config.ts"],
    ["src/consistency/write.ts", "../domain/tasks/get.ts"],
    ["src/ports/hot-store.ts", "../adapters/memory/hot-store.ts"],
    ["src/adapters/redis/hot-store.ts", "../../consistency/write.ts"],
    ["src/rpc/task-service.ts", "../adapters/redis/hot-store.ts"],
    ["src/rpc/task-service.ts", "../server/server.ts"],
    ["src/server/server.ts", "../adapters/redis/hot-store.ts"],
    ["src/server/server.ts", "../domain/tasks/get.ts"],
    ["src/errors.ts", "./domain/tasks/get.ts"],
    ["src/stores.ts", "./adapters/redis/hot-store.ts"],
  ])("%s may not import %s", (file, specifier) => {
    expect(violationsOf([{ file, imports: [specifier] }])).toHaveLength(1);
  });

  it.each([
    ["src/main.ts", "./adapters/redis/hot-store.ts"],
    ["src/server/server.ts", "../rpc/task-service.ts"],
    ["src/rpc/task-service.ts", "../../gen/dbconn/v1/task_pb.ts"],
    ["src/domain/tasks/get.ts", "../../consistency/write.ts"],
    ["src/domain/tasks/get.ts", "node:crypto"],
    ["src/consistency/write.ts", "../ports/hot-store.ts"],
    ["src/adapters/redis/hot-store.ts", "../../ports/hot-store.ts"],
    ["src/adapters/redis/hot-store.ts", "redis"],
  ])("%s may import %s", (file, specifier) => {
    expect(violationsOf([{ file, imports: [specifier] }])).toEqual([]);
  });

  it("have no folder that the architecture does not name", () => {
    expect(violationsOf([{ file: "src/utils/misc.ts", imports: [] }])).toHaveLength(1);
  });

  it("are judged by every form of import", () => {
    const source = `
      import type { A } from "./a.ts";
      import "./b.ts";
      export * from "./c.ts";
      export type { D } from "./d.ts";
      const e = await import("./e.ts");
      type F = import("./f.ts").F;`;
    expect(importsOf("src/x.ts", source)).toEqual([
      "./a.ts",
      "./b.ts",
      "./c.ts",
      "./d.ts",
      "./e.ts",
      "./f.ts",
    ]);
  });
});
