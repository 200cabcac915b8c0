/** HTTP/1.1 by wrk. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONNECTIONS } from "./calls.ts";
import type { Load } from "./h2load.ts";
import type { Target } from "./target.ts";
import { runTool } from "./tool.ts";

/** HTTP/1.1 carries one call at a time, so that there is a connection for each. */
const SOCKETS = 48;

export async function wrk({ port, call, protocol }: Target, seconds: number): Promise<Load> {
  const folder = await mkdtemp(join(tmpdir(), "dbconn-load-"));
  try {
    const script = join(folder, "calls.lua");
    const bodies = Array.from({ length: CONNECTIONS }, (_, n) => protocol.body(call, n));
    await writeFile(script, scriptOf(call.path, protocol.headers, bodies));
    const args = ["-t", "1", "-c", String(SOCKETS), "-d", `${seconds}s`, "-s", script];
    const output = await runTool("wrk", [...args, `http://127.0.0.1:${port}`]);
    const all = Number(/(\d+) requests in/.exec(output)?.[1]);
    const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]);
    if (!(all > 0)) throw new Error(`wrk had no answers:\n${output}`);
    const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
    return { perSecond: perSecond * (1 - bad / all), failedPerMille: Math.round((1000 * bad) / all) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Made once before the load: what wrk does for a request costs it time that the server then does not get. */
function scriptOf(
  path: string,
  headers: Readonly<Record<string, string>>,
  bodies: readonly Buffer[],
): string {
  const fields = Object.entries(headers).map(([name, value]) => `[${lua(name)}] = ${lua(value)}`);
  return `
local headers = { ${fields.join(", ")} }
local bodies = { ${bodies.map((body) => lua(body.toString("latin1"))).join(", ")} }
local requests, at = {}, 0
function init()
  for n, body in ipairs(bodies) do
    requests[n] = wrk.format("POST", ${lua(path)}, headers, body)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
`;
}

function lua(text: string): string {
  const escaped = Array.from(text, (letter) => `\\${String(letter.charCodeAt(0)).padStart(3, "0")}`);
  return `"${escaped.join("")}"`;
}
