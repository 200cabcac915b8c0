// Pages for a browser, made of TypeScript and served from an origin of their own.
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium as launcher, type Page } from "playwright-core";
import { build } from "vite";
import { onTestFinished } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ENTRY = "virtual-page.ts";
/** Without a GPU, without calls home, and as whoever runs the tests. */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The TypeScript module as one script for browsers; its imports are resolved as if it lay in the checkout's root. */
export async function bundle(source: string): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: "silent",
    root: ROOT,
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id.endsWith(ENTRY) ? `${ROOT}${ENTRY}` : undefined),
        load: (id) => (id.endsWith(ENTRY) ? source : undefined),
      },
    ],
    build: { write: false, minify: false, target: "esnext", rollupOptions: { input: ENTRY } },
  });
  const [first] = [output].flat();
  if (first === undefined || !("output" in first)) throw new Error("vite watched instead of building");
  const [chunk] = first.output;
  return chunk.code;
}

export interface PageServer {
  readonly origin: string;
}

/** Serves the script in a page, until the test ends. */
export async function servePage(script: string): Promise<PageServer> {
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has no TCP address");
  return { origin: `http://127.0.0.1:${address.port}` };
}

/** A page of that origin in a browser of its own, closed when the test ends. */
export async function openPage(executablePath: string, origin: string): Promise<Page> {
  const browser = await launcher.launch({ executablePath, args: CHROMIUM_ARGS });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(origin);
  return page;
}
