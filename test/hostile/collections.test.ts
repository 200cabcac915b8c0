// What a stranger's large messages cost the heap of a real process.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { prepareAttack } from "./attack.ts";
import { HOSTILE } from "./cases.ts";

const MESSAGES = 80;

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.stop());

/** Full collections of the process's heap until now, each of which every call waits for. */
async function fullCollections(): Promise<number> {
  const page = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^nodejs_gc_duration_seconds_count\{kind="major"\} (\d+)/m.exec(page)?.[1] ?? 0);
}

it("the heap is collected in full once for many large messages, and not for each few of them", async () => {
  const hostile = HOSTILE.find(({ outcome }) => outcome === "too large");
  if (hostile === undefined) throw new Error("there is no such schema");
  const attack = prepareAttack(server.url, hostile);
  await attack();
  const before = await fullCollections();
  for (let n = 0; n < MESSAGES; n++) expect(await attack()).toEqual(["TOO_LARGE"]);
  const more = (await fullCollections()) - before;
  expect(more).toBeLessThanOrEqual(MESSAGES / 8);
});
