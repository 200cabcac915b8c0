// The TypeScript client as the package that others install: built, packed, imported and type-checked without this
// repository's own settings.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import rootPackage from "../../package.json" with { type: "json" };
import { ROOT } from "../docs/readme.ts";

const run = promisify(execFile);
const PACKAGE = join(ROOT, "clients/typescript");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

const CONSUMER = `
import { connectNode, type NodeDbconn, TaskState } from "database-connections-client/node";
import { failureOf } from "database-connections-client";
import { connectWeb } from "database-connections-client/web";

const dbconn: NodeDbconn = connectNode({ url: "http://127.0.0.1:1", timeoutMs: 100 });
const failure = await dbconn.tasks
  .updateTask({ kind: "k", taskId: "1", state: TaskState.PROCESSING })
  .then(({ task }) => task?.revision satisfies bigint | undefined, (error: unknown) => failureOf(error));
console.log(typeof failure === "object" ? failure.code : failure, typeof connectWeb);
dbconn.close();
`;

describe("the package database-connections-client", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbconn-package-"));
    const installed = join(folder, "node_modules/database-connections-client");
    await mkdir(installed, { recursive: true });
    await run(process.execPath, [TSC, "-p", PACKAGE, "--outDir", join(installed, "dist")]);
    await writeFile(join(installed, "package.json"), await readFile(join(PACKAGE, "package.json")));
    for (const scope of ["@bufbuild", "@connectrpc", "@types", "undici-types"]) {
      await symlink(join(ROOT, "node_modules", scope), join(folder, "node_modules", scope));
    }
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(folder, "consumer.ts"), CONSUMER);
    const [, example = ""] =
      /^```ts\n([\s\S]*?)^```$/m.exec(await readFile(join(PACKAGE, "README.md"), "utf8")) ?? [];
    expect(example).toContain("getOrMake");
    await writeFile(join(folder, "readme.ts"), `declare function fetchRate(): Promise<string>;\n${example}`);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("type-checks and runs where it is installed, as does what its README shows", async () => {
    const options = ["--strict", "--skipLibCheck", "--module", "nodenext", "--types", "node"];
    const lib = ["--lib", "es2023,dom,dom.asynciterable", "--target", "es2023"];
    const checked = await run(process.execPath, [TSC, ...options, ...lib, "consumer.ts", "readme.ts"], {
      cwd: folder,
    }).catch((error: { stdout: string }) => error);
    expect(checked.stdout).toBe("");
    const { stdout } = await run(process.execPath, ["consumer.js"], { cwd: folder });
    expect(stdout).toMatch(/^(4|14) function\n$/);
  });

  it("depends on the very versions that it is tested with", async () => {
    const { dependencies, peerDependencies } = JSON.parse(
      await readFile(join(PACKAGE, "package.json"), "utf8"),
    ) as Record<"dependencies" | "peerDependencies", Readonly<Record<string, string>>>;
    const ours: Readonly<Record<string, string>> = {
      ...rootPackage.devDependencies,
      ...rootPackage.dependencies,
    };
    for (const [name, version] of Object.entries({ ...dependencies, ...peerDependencies })) {
      expect([name, version]).toEqual([name, ours[name]]);
    }
  });
});
