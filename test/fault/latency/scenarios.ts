// What an outage of one store costs the calls that need the other, in figures. Each scenario measures on the same
// processes before and during the outage, so that a busy machine weighs on both.
import { setTimeout as delay } from "node:timers/promises";
import { Consistency } from "../../../gen/dbconn/v1/common_pb.ts";
import { Mode } from "../../../gen/dbconn/v1/status_pb.ts";
import { now } from "../clock.ts";
import type { Instance } from "../instance.ts";
import { Observer } from "../observer.ts";
import { inWorld, type Setup, type World } from "../world.ts";
import { cacheReaders, createTasks, hotReaders, listReaders, writers } from "./calls.ts";
import { longest, p99, type Sample, succeeded } from "./samples.ts";

/** One line: what was measured, and what it may be at most. */
export interface Line {
  readonly what: string;
  readonly value: number;
  readonly unit: "times" | "ms" | "calls";
  /** Undefined: told for comparison. */
  readonly atMost?: number;
  readonly detail?: string;
}

export interface Scenario {
  readonly name: string;
  run(seconds: number): Promise<readonly Line[]>;
}

const OUTAGE_MS = 5_000;
/** What a bypass, or the end of a lease, may cost once. */
const FIRST_MS = 1_000;
/** As in the service's own settings: three processes' renewals are not delayed by the few calls made here. */
const LEASE = { GENERATION_LEASE: "1s" };
const BOUND_MS = 60_000;

/** Resolves with the milliseconds that it took. */
async function until(isReached: () => Promise<boolean> | boolean): Promise<number> {
  const since = now();
  while (!(await isReached())) {
    if (now() - since > BOUND_MS) return Number.POSITIVE_INFINITY;
    await delay(10);
  }
  return now() - since;
}

async function settled(world: World): Promise<void> {
  const observer = new Observer(world.instances);
  await until(() => observer.allNormalSince(0));
  await observer.stop();
}

function ratio(what: string, before: readonly Sample[], during: readonly Sample[], atMost: number): Line {
  const [normal, then] = [p99(succeeded(before)), p99(succeeded(during))];
  const detail = `${normal.toFixed(1)} -> ${then.toFixed(1)} ms, ${before.length} and ${during.length} calls`;
  return { what, value: then / normal, unit: "times", atMost, detail };
}

function failures(what: string, samples: readonly Sample[], atMost?: number): Line {
  const failed = failing(samples);
  const reasons = [...new Set(failed.map(({ reason }) => reason))].join(", ");
  return {
    what,
    value: failed.length,
    unit: "calls",
    ...(atMost === undefined ? {} : { atMost }),
    detail: `of ${samples.length}${reasons && `: ${reasons}`}`,
  };
}

function failing(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(({ reason }) => reason !== undefined);
}

async function readsHot(instance: Instance): Promise<boolean> {
  const request = { kind: "latency", taskId: "t8", consistency: Consistency.FAST };
  const answer = await instance.tasks.getTask(request, { timeoutMs: 1_000 }).catch(() => undefined);
  return answer?.provenance?.hotExpireTime !== undefined && !answer.provenance.degraded;
}

async function writes(instance: Instance): Promise<boolean> {
  const request = { kind: "latency", taskId: "t9", message: "back" };
  return instance.tasks.updateTask(request, { timeoutMs: 1_000 }).then(
    () => true,
    () => false,
  );
}

/** Writers and readers that go on, after the time (`begun` to `ended`) in which they were measured undisturbed. */
async function underLoad(world: World, seconds: number) {
  await settled(world);
  await createTasks(world.victim);
  const [writing, reading] = [writers(world.instances), hotReaders(world.instances)];
  await delay(1_000);
  const begun = now();
  await delay(seconds * 1000);
  return { writing, reading, begun, ended: now() };
}

function redisKilled(setup: Setup): Scenario["run"] {
  return (seconds) =>
    inWorld({ setup, env: LEASE }, async (world) => {
      const { writing, reading, begun, ended: killed } = await underLoad(world, seconds);
      await world.redis.kill();
      await delay(OUTAGE_MS);
      const ended = now();
      await world.redis.restart();
      const back = await Promise.all(world.instances.map((instance) => until(() => readsHot(instance))));
      await Promise.all([writing.stop(), reading.stop()]);
      const late = killed + FIRST_MS;
      return [
        ratio("p99 of writes", writing.within(begun, killed), writing.within(late, ended), 3),
        ratio("p99 of fast reads", reading.within(begun, killed), reading.within(late, ended), 3),
        failures("failed calls", [...writing.within(late, ended), ...reading.within(late, ended)], 0),
        {
          what: "longest call of the first second",
          value: longest([...writing.during(killed, late), ...reading.during(killed, late)]),
          unit: "ms",
        },
        { what: "hot reads after Redis is back", value: Math.max(...back), unit: "ms", atMost: 5_000 },
      ];
    });
}

function mongoKilled(seconds: number): Promise<readonly Line[]> {
  return inWorld({ setup: "shared", env: LEASE }, async (world) => {
    const { writing, reading, begun, ended: killed } = await underLoad(world, seconds);
    await world.ferret.kill();
    await delay(OUTAGE_MS);
    const ended = now();
    await Promise.all([writing.stop(), reading.stop()]);
    await world.ferret.restart();
    const back = await Promise.all(world.instances.map((instance) => until(() => writes(instance))));
    const reads = reading.within(killed + 2 * FIRST_MS, ended);
    const unmarked = succeeded(reads).filter(({ degraded }) => !degraded);
    return [
      ratio(
        "p99 of fast reads of hot tasks",
        reading.within(begun, killed),
        reading.within(killed, ended),
        3,
      ),
      failures("fast reads that failed", reading.within(killed, ended), 0),
      { what: "answers without `degraded`", value: unmarked.length, unit: "calls", atMost: 0 },
      {
        what: "longest failing write",
        value: longest(failing(writing.within(killed, ended))),
        unit: "ms",
        atMost: 1_000,
      },
      {
        // They look for what became of them.
        what: "longest failing write that was under way, from the kill on",
        value: Math.max(
          0,
          ...failing(writing.during(killed, ended)).map(
            ({ start, ms }) => start + ms - Math.max(start, killed),
          ),
        ),
        unit: "ms",
      },
      { what: "writes after MongoDB is back", value: Math.max(...back), unit: "ms", atMost: 5_000 },
    ];
  });
}

function twoMemories(): Promise<readonly Line[]> {
  return inWorld({ setup: "memory-shared" }, async ({ instances }) => {
    const [one, other] = instances;
    if (one === undefined || other === undefined) throw new Error("there are not two instances");
    const status = (instance: Instance) => instance.status.getStatus({}, { timeoutMs: 5_000 });
    const bypassed = await until(async () =>
      (await Promise.all(instances.map(status))).every(({ mode }) => mode === Mode.HOT_BYPASSED),
    );
    const { reason } = await status(one);
    const name = { kind: "latency", taskId: "shared" };
    let stale = 0;
    for (let n = 0; n < 50; n++) {
      const { task } = await one.tasks.putTask({ ...name, message: `${n}`, state: 1 }, { timeoutMs: 5_000 });
      const read = await other.tasks.getTask(
        { ...name, consistency: Consistency.FAST },
        { timeoutMs: 5_000 },
      );
      if (read.task?.revision !== task?.revision) stale++;
    }
    return [
      { what: "both bypassed after", value: bypassed, unit: "ms", atMost: 30_000, detail: reason },
      { what: "stale reads of the other's 50 writes", value: stale, unit: "calls", atMost: 0 },
    ];
  });
}

function oneCutOff(seconds: number): Promise<readonly Line[]> {
  return inWorld({ setup: "shared", env: LEASE }, async (world) => {
    await settled(world);
    await createTasks(world.victim);
    const { victim, instances } = world;
    const others = instances.slice(1);
    const [writing, reading] = [writers(others), hotReaders(others)];
    await delay(seconds * 1000);
    const cut = now();
    world.redisProxies[0]?.set({ kind: "reset" });
    const isReady = async () => (await fetch(`${victim.url}/readyz`)).ok;
    const unready = await until(async () => !(await isReady()));
    await delay(OUTAGE_MS);
    world.redisProxies[0]?.heal();
    const ready = await until(isReady);
    await Promise.all([writing.stop(), reading.stop()]);
    return [
      { what: "not ready after", value: unready, unit: "ms", atMost: 10_000 },
      failures("failed calls of the others", [...writing.within(cut), ...reading.within(cut)], 0),
      { what: "ready again after", value: ready, unit: "ms", atMost: 5_000 },
    ];
  });
}

function hanging(store: "redis" | "ferret"): Scenario["run"] {
  return (seconds) =>
    inWorld({ setup: "shared", env: LEASE }, async (world) => {
      await settled(world);
      await createTasks(world.victim);
      const measured = store === "redis" ? listReaders(world.instances) : cacheReaders(world.instances);
      // Calls that need the store that hangs.
      const stuck = store === "redis" ? cacheReaders(world.instances) : writers(world.instances);
      await delay(1_000);
      const begun = now();
      await delay(seconds * 1000);
      const paused = now();
      world[store].pause();
      await delay(OUTAGE_MS);
      const ended = now();
      world[store].resume();
      await Promise.all([measured.stop(), stuck.stop()]);
      const during = measured.within(paused, ended);
      return [
        ratio("p99 of calls to the other store", measured.within(begun, paused), during, 2),
        failures("failed calls to it", during, 0),
        failures("calls to the one that hangs, failed", stuck.within(paused, ended)),
      ];
    });
}

export const SCENARIOS: readonly Scenario[] = [
  { name: "Redis killed, SQLite", run: redisKilled("sqlite-redis") },
  { name: "Redis killed, FerretDB", run: redisKilled("shared") },
  { name: "FerretDB killed", run: mongoKilled },
  { name: "two processes with memory on one FerretDB", run: twoMemories },
  { name: "one of three cut off from Redis", run: oneCutOff },
  { name: "FerretDB hangs", run: hanging("ferret") },
  { name: "Redis hangs", run: hanging("redis") },
];
