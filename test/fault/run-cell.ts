// One cell from an empty world to its row: load, fault, heal, wait until all is well, and the checks. The fault comes
// again until there is enough to go by.
import { setTimeout as delay } from "node:timers/promises";
import { readFinalSchema } from "../support/schema-load/final.ts";
import type { Cell, Fault } from "./cells/cell.ts";
import { now } from "./clock.ts";
import { Crowd } from "./crowd.ts";
import { patiently, readFinalState } from "./final-state.ts";
import type { Span } from "./instance.ts";
import type { LoadOptions } from "./load.ts";
import { Observer } from "./observer.ts";
import type { Recorded } from "./recorder.ts";
import { acknowledgedWrites, answered, count, isAcknowledged, type Row } from "./row.ts";
import { judge } from "./verdict.ts";
import { inWorld, type Setup, type World } from "./world.ts";

/** What a cell goes on for. */
export interface Goal {
  /** Of load, the fault included. */
  readonly seconds: number;
  /** Acknowledged writes. */
  readonly acknowledged: number;
  readonly operations: number;
}

const LOADS: Readonly<Record<Setup, LoadOptions>> = {
  shared: { clients: 10, keys: 6, deadlineMs: 5_000 },
  "memory-shared": { clients: 10, keys: 6, deadlineMs: 5_000 },
  "replica-set": { clients: 10, keys: 6, deadlineMs: 5_000 },
  // One process on SQLite takes many more.
  "sqlite-redis": { clients: 24, keys: 8, deadlineMs: 5_000 },
  embedded: { clients: 24, keys: 8, deadlineMs: 5_000 },
};
/** Whether there is SQLite behind the service, which takes many more writes than FerretDB. */
export function isFast(setup: Setup): boolean {
  return setup === "embedded" || setup === "sqlite-redis";
}

const HOLD_MS = 3_000;
const RECOVERY_BOUND_MS = 60_000;
/** A cell that gets nowhere ends all the same; that its figures are too low shows in the table. */
const CELL_BOUND_MS = 300_000;
/** The share of a cell's time that goes by before its fault. */
const BEFORE = 0.3;
/** Before the fault comes again. */
const BETWEEN_MS = 5_000;
/** What a look at the generation may come late by. */
const AROUND_MS = 2_000;

interface Episode {
  readonly fault: Fault;
  readonly span: Span;
  readonly recoveryMs: number;
}

/** Rejects when the fault did not fire, or the service does not recover. */
export function runCell(cell: Cell, goal: Goal): Promise<Row> {
  return inWorld(cell, (world) => runIn(world, cell, goal));
}

async function runIn(world: World, cell: Cell, goal: Goal): Promise<Row> {
  const crowd = new Crowd(cell.name, world.instances, { ...LOADS[cell.setup], ...cell.load });
  const observer = new Observer(world.instances);
  await reached(cell, observer, () => observer.allNormalSince(0));
  const begun = now();
  crowd.start();
  await delay(goal.seconds * 1000 * BEFORE);
  const episodes = [await strike(world, cell, crowd, observer)];
  const isEnough = () =>
    now() - begun >= CELL_BOUND_MS ||
    (now() - begun >= goal.seconds * 1000 &&
      acknowledgedWrites(crowd) >= goal.acknowledged &&
      answered(crowd) >= goal.operations);
  for (let healed = now(); !isEnough(); await delay(250)) {
    // FerretDB would spend its time on coming back.
    if (!isFast(cell.setup) || now() - healed < BETWEEN_MS) continue;
    episodes.push(await strike(world, cell, crowd, observer));
    healed = now();
  }
  await crowd.stop();
  const ended = now();
  const figures = count(crowd, begun, ended);
  const during = [...crowd.taskOperations];
  await reached(cell, observer, () => observer.allNormalSince(ended));
  const state = await readFinalState(world, crowd.recorder, crowd.tasks.kind, crowd.tasks.keys);
  const schemas = await Promise.all(
    crowd.schemas.names.map((name) => patiently(() => readFinalSchema(world.victim.schemas, name))),
  );
  await patiently(() => crowd.cache.readFinal());
  const watches = await crowd.watchers.finish(state.final);
  await observer.stop();
  const proofs = episodes.map(({ fault }) => fault.proof({ observer, operations: during }));
  const missing = proofs.indexOf(undefined);
  if (missing >= 0) {
    const seen = `${observer.generations.size} generations; failures ${countReasons(during)}`;
    throw new Error(`${cell.name}: nothing shows that fault ${missing + 1} took place; ${seen}`);
  }
  const losesCache = cell.losesCache || cell.setup === "embedded";
  const violations = judge({
    crowd,
    instances: world.instances,
    state,
    watches,
    schemas,
    durableOutages: observer.durableOutages,
    losses: [
      ...(losesCache ? episodes.map(({ span }) => span) : []),
      ...observer.changes.map((at) => ({ from: at - AROUND_MS, until: at + AROUND_MS })),
    ],
    drained: episodes.flatMap(({ fault }) => fault.drained ?? []),
  });
  const times = episodes.length === 1 ? "" : `${episodes.length} times, last: `;
  return {
    cell: cell.name,
    ...figures,
    violations,
    recoveryMs: Math.max(...episodes.map(({ recoveryMs }) => recoveryMs)),
    proof: `${times}${proofs.at(-1)}`,
  };
}

async function strike(world: World, cell: Cell, crowd: Crowd, observer: Observer): Promise<Episode> {
  const from = now();
  const fault = await cell.inject(world, crowd);
  await delay(cell.holdMs ?? HOLD_MS);
  await fault.heal();
  const healedAt = now();
  const written = () =>
    crowd.taskOperations.findLast((operation) => isAcknowledged(operation) && operation.start >= healedAt);
  await reached(cell, observer, () => observer.allNormalSince(healedAt) && written() !== undefined);
  const until = now();
  return { fault, span: { from, until }, recoveryMs: until - healedAt };
}

function countReasons(operations: readonly Recorded[]): string {
  const failures = operations.filter(({ reason }) => reason !== undefined);
  const groups = Map.groupBy(failures, ({ instance, reason }) => `${instance} ${reason}`);
  return [...groups].map(([reason, { length }]) => `${length} ${reason}`).join(", ") || "none";
}

async function reached(cell: Cell, observer: Observer, isReached: () => boolean): Promise<void> {
  const deadline = now() + RECOVERY_BOUND_MS;
  while (!isReached()) {
    if (now() > deadline)
      throw new Error(`${cell.name}: no recovery in ${RECOVERY_BOUND_MS} ms: ${observer.describe()}`);
    await delay(20);
  }
}
