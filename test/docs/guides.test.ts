// The guides' examples, run as they are printed, one after the other.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { ROOT } from "./readme.ts";

const run = promisify(execFile);
const DOCS = join(ROOT, "docs");

/** The blocks that a page says can be run. */
const examplesOf = (page: string): readonly string[] =>
  [...readFileSync(join(DOCS, page), "utf8").matchAll(/^```sh run\n([\s\S]*?)^```$/gm)].map(
    ([, text]) => text ?? "",
  );

const pages = readdirSync(DOCS).filter((page) => page.endsWith(".md") && examplesOf(page).length > 0);

describe("the guides", () => {
  const folder = mkdtempSync(join(tmpdir(), "dbconn-guides-"));
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("are there for each of the three services", () => {
    expect(pages).toEqual(expect.arrayContaining(["cache.md", "schemas.md", "tasks.md"]));
  });

  it.each(pages)("%s runs as it is printed", async (page) => {
    // What an example writes must not stay in the checkout, and npx has to find it all the same.
    const script = examplesOf(page)
      .join("\n")
      .replaceAll("127.0.0.1:50050", `127.0.0.1:${server.port}`)
      .replaceAll("npx dbconn", `npx --prefix "${ROOT}" dbconn`);
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], {
      cwd: folder,
      env: { ...process.env, DBCONN_SERVER: server.url },
    });
    expect(stdout).not.toBe("");
  });
});
