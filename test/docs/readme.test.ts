import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithTools } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { example, ROOT } from "./readme.ts";

const run = promisify(execFile);
let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** The commands as a reader would paste them; each answer is one JSON text. */
async function paste(info: string, path = process.env.PATH): Promise<string> {
  const script = example(info, `127.0.0.1:${server.port}`);
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], {
    cwd: ROOT,
    env: { ...process.env, PATH: path, DBCONN_SERVER: server.url },
  });
  return stdout;
}

describe("README.md", () => {
  it("curl makes and changes a task, publishes and tries a schema, and stores an entry", async () => {
    const answers = (await paste("sh curl"))
      .split(/(?<=\})(?=\{)/)
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(answers).toMatchObject([
      {
        task: {
          kind: "import",
          taskId: "42",
          state: "TASK_STATE_PENDING",
          data: { rows: 10 },
          revision: "1",
        },
      },
      { task: { state: "TASK_STATE_PROCESSING", data: { rows: 10, done: 3 }, revision: "2" } },
      { outcome: "OUTCOME_CREATED", schema: { name: "user", activeRelease: 1 } },
      { results: [{ valid: true }, { errors: [{ keyword: "required" }] }], release: 1 },
      { entry: { namespace: "user", key: "7" } },
    ]);
  });

  it("dbconn reads what curl wrote, and tells how the stores are", async () => {
    const answer = await paste("sh dbconn");
    expect(answer).toMatch(/state +processing/);
    expect(answer).toContain('"required"');
    expect(answer).toMatch(/mode +normal/);
  });

  describeWithTools("with command-line clients", ["grpcurl", "grpc-health-probe"], (paths) => {
    it("grpcurl lists the services and reads what curl wrote", async () => {
      const folder = paths.grpcurl.replace(/\/[^/]*$/, "");
      const script = example("sh grpcurl", `127.0.0.1:${server.port}`);
      const { stdout } = await run(
        "bash",
        ["-euo", "pipefail", "-c", `grpcurl() { "$TOOL" "$@"; }\n${script}`],
        {
          env: { ...process.env, TOOL: paths.grpcurl, PATH: `${folder}:${process.env.PATH}` },
        },
      );
      for (const service of ["Task", "Schema", "Cache", "Status"]) {
        expect(stdout).toContain(`dbconn.v1.${service}Service`);
      }
      for (const standard of ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"]) {
        expect(stdout).toContain(standard);
      }
      expect(stdout).toContain('"state": "TASK_STATE_PROCESSING"');
      expect(stdout).toContain('"text": "Ada"');
    });

    it("grpc-health-probe finds the service serving", async () => {
      const { stderr, stdout } = await run(paths["grpc-health-probe"], [`-addr=127.0.0.1:${server.port}`]);
      expect(stdout + stderr).toContain("status: SERVING");
    });
  });
});
