// README's browser example in a real browser, from a page of another origin.

import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CHROMIUM_ARGS } from "../support/page.ts";
import { describeWithChromium } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { example, ROOT } from "./readme.ts";

describeWithChromium("a page in a browser", (executablePath) => {
  // Where the page's imports are found.
  const folder = mkdtempSync(`${ROOT}/node_modules/.page-`);
  let pages: Server;
  let origin: string;
  let server: ServerProcess;
  let browser: Browser;
  let script = "";

  beforeAll(async () => {
    pages = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    server = await startServer({ env: { CORS_ORIGINS: origin } });
    script = await bundle(example("ts browser", `127.0.0.1:${server.port}`));
    browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
    const made = await fetch(`${server.url}/dbconn.v1.TaskService/CreateTask`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind: "import", task_id: "42", data: { rows: 10 } }),
    });
    expect(made.status).toBe(200);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    pages?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function bundle(source: string): Promise<string> {
    const entry = join(folder, "page.ts");
    await writeFile(entry, source.replaceAll('"./gen/', `"${ROOT}/gen/`));
    const built = await build({
      configFile: false,
      logLevel: "silent",
      root: ROOT,
      build: { write: false, target: "esnext", rollupOptions: { input: entry } },
    });
    const [output] = Array.isArray(built) ? built : [built];
    if (output === undefined || !("output" in output)) throw new Error("nothing was built");
    const chunk = output.output.find((file) => file.type === "chunk");
    if (chunk?.type !== "chunk") throw new Error("no script was built");
    return chunk.code;
  }

  /** What the page prints first: an object it logged, or the failure that ended it. */
  async function visit(address: string): Promise<unknown> {
    const page = await browser.newPage();
    try {
      const printed = page.waitForEvent("console", (message) => message.type() === "log");
      const failed = page.waitForEvent("pageerror");
      printed.catch(() => undefined);
      failed.catch(() => undefined);
      await page.goto(address);
      return await Promise.race([
        printed.then((message) => message.args()[0]?.jsonValue()),
        failed.then((error) => `failed: ${error.message}`),
      ]);
    } finally {
      await page.close();
    }
  }

  it("reads a task with connect-web, as README.md shows", async () => {
    expect(await visit(origin)).toEqual({ rows: 10 });
  });

  it("of an origin that was not let in gets nothing", async () => {
    // The same page under another name is another origin.
    expect(await visit(origin.replace("127.0.0.1", "localhost"))).toMatch(/^failed: /);
  });
});
