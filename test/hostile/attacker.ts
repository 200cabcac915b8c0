// A thread that attacks. What it costs to attack must not show in how long the calls take that are measured.
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { prepareAttack } from "./attack.ts";
import { HOSTILE } from "./cases.ts";

export interface Attack {
  /** Of HOSTILE. */
  readonly index: number;
  readonly ms: number;
}

/** How often each outcome came up. */
export type Outcomes = ReadonlyMap<string, number>;

// The attacker is elsewhere, and has processors of its own there.
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const { url } = workerData as { readonly url: string };

parentPort?.on("message", async ({ index, ms }: Attack) => {
  const hostile = HOSTILE[index];
  if (hostile === undefined) throw new RangeError(`there is no case ${index}`);
  const attack = prepareAttack(url, hostile);
  parentPort?.postMessage("prepared");
  const outcomes = new Map<string, number>();
  const until = performance.now() + ms;
  while (performance.now() < until) {
    for (const outcome of await attack()) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  parentPort?.postMessage(outcomes satisfies Outcomes);
});
