// One cell from an empty world to its row: load, fault, heal, wait until all is well, and the checks.
import { setTimeout as delay } from "node:timers/promises";
import { checkHistory } from "../support/history/check.ts";
import { resolveAbsences } from "./absences.ts";
import type { Cell, Fault } from "./cells/cell.ts";
import { now } from "./clock.ts";
import { isLegal, readFinalState } from "./final-state.ts";
import type { Span } from "./instance.ts";
import { Load, type LoadOptions } from "./load.ts";
import { Observer } from "./observer.ts";
import { checkDeadlines, checkDrain, checkRefusals, type Finding, withSharedIds } from "./promises.ts";
import { type Recorded, Recorder } from "./recorder.ts";
import { inWorld, type World } from "./world.ts";

export interface Row {
  readonly cell: string;
  readonly operations: number;
  readonly writes: number;
  readonly acknowledged: number;
  readonly violations: readonly Finding[];
  /** Writes whose caller does not know whether they happened. */
  readonly unknown: number;
  /** Milliseconds, the longest time without any acknowledged write. */
  readonly longestPauseMs: number;
  /** Milliseconds from the end of the fault until every instance says that all is normal and a write is acknowledged. */
  readonly recoveryMs: number;
  readonly proof: string;
}

const LOAD: LoadOptions = { clients: 10, keys: 6, deadlineMs: 5_000 };
const HOLD_MS = 3_000;
const RECOVERY_BOUND_MS = 60_000;
/** The share of a cell's time that goes by before its fault. */
const BEFORE = 0.3;

/** Rejects when the fault did not fire, or the service does not recover. `seconds`: of load, the fault included. */
export function runCell(cell: Cell, seconds: number): Promise<Row> {
  return inWorld(cell.setup, (world) => runIn(world, cell, seconds));
}

async function runIn(world: World, cell: Cell, seconds: number): Promise<Row> {
  const recorder = new Recorder();
  const load = new Load(cell.name, world.instances, { ...LOAD, ...cell.load }, recorder);
  const observer = new Observer(world.instances);
  await reached(cell, observer, () => observer.allNormalSince(0));
  const begun = now();
  load.start();
  await delay(seconds * 1000 * BEFORE);
  const fault = await cell.inject(world);
  await delay(cell.holdMs ?? HOLD_MS);
  await fault.heal();
  const healedAt = now();
  const written = () => recorder.operations.some((o) => acknowledged(o) && o.start >= healedAt);
  await reached(cell, observer, () => observer.allNormalSince(healedAt) && written());
  const recoveredAt = now();
  await delay(Math.max(1_000, begun + seconds * 1000 - recoveredAt));
  await load.stop();
  const ended = now();
  const during = [...recorder.operations];
  await reached(cell, observer, () => observer.allNormalSince(ended));
  const state = await readFinalState(world, recorder, load.kind, load.keys);
  await observer.stop();
  const proof = fault.proof({ observer, operations: during });
  if (proof === undefined) {
    const seen = `${observer.generations.size} generations; failures ${countReasons(during)}`;
    throw new Error(`${cell.name}: nothing shows that the fault took place; ${seen}`);
  }

  const byKey = Map.groupBy(recorder.operations, ({ key }) => key);
  const operations = [...byKey].flatMap(([key, ofKey]) =>
    resolveAbsences(ofKey, state.deletions.get(key) ?? []),
  );
  const violations: readonly Finding[] = [
    ...checkHistory({
      operations: withSharedIds(operations),
      final: state.final,
      hot: state.hot,
      lists: state.lists,
      legal: isLegal,
      durableOutages: [...observer.durableOutages, ...refusals(during)],
    }),
    ...state.merges,
    ...checkRefusals(operations, state.final),
    ...checkDeadlines(operations, world.instances),
    ...drainFindings(operations, fault),
  ];
  const writes = during.filter(({ op }) => op === "write");
  return {
    cell: cell.name,
    operations: operations.length,
    writes: writes.length,
    acknowledged: writes.filter(acknowledged).length,
    violations,
    unknown: writes.filter(({ outcome, applied }) => outcome === "failed" && applied === "unknown").length,
    longestPauseMs: longestPause(writes, begun, ended),
    recoveryMs: recoveredAt - healedAt,
    proof,
  };
}

/** A call that was refused because the durable store is away shows an outage that nobody else may have seen. */
function refusals(operations: readonly Recorded[]): readonly Span[] {
  return operations.flatMap(({ reason, start, end = start }) =>
    reason === "DURABLE_STORE_UNAVAILABLE" ? [{ from: start, until: end }] : [],
  );
}

function countReasons(operations: readonly Recorded[]): string {
  const failures = operations.filter(({ reason }) => reason !== undefined);
  const groups = Map.groupBy(failures, ({ instance, reason }) => `${instance} ${reason}`);
  return [...groups].map(([reason, { length }]) => `${length} ${reason}`).join(", ") || "none";
}

function drainFindings(operations: readonly Recorded[], { drained }: Fault): readonly Finding[] {
  return drained === undefined ? [] : checkDrain(operations, drained.instance, drained.at);
}

function acknowledged({ op, outcome }: Recorded): boolean {
  return op === "write" && outcome === "ok";
}

function longestPause(writes: readonly Recorded[], begun: number, ended: number): number {
  const ends = writes.filter(acknowledged).flatMap(({ end }) => (end === undefined ? [] : [end]));
  const moments = [begun, ...ends.toSorted((a, b) => a - b), ended];
  return Math.max(...moments.slice(1).map((at, i) => at - (moments[i] ?? at)));
}

async function reached(cell: Cell, observer: Observer, isReached: () => boolean): Promise<void> {
  const deadline = now() + RECOVERY_BOUND_MS;
  while (!isReached()) {
    if (now() > deadline)
      throw new Error(`${cell.name}: no recovery in ${RECOVERY_BOUND_MS} ms: ${observer.describe()}`);
    await delay(20);
  }
}
