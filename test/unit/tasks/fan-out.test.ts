// How what one instance writes reaches the watchers of another, and how many of them share what is read for it.
import { describe, expect, it } from "vitest";
import { memoryDurable } from "../../../src/adapters/memory/durable.ts";
import { CONTROL } from "../../../src/consistency/generation-document.ts";
import type { Timing } from "../../../src/consistency/timing.ts";
import { TASK_EVENTS, TASKS } from "../../../src/domain/tasks/collections.ts";
import type { WatchItem } from "../../../src/domain/tasks/watch-context.ts";
import type { HotStore } from "../../../src/ports/hot-store.ts";
import { realTiming } from "../../support/dual-store.ts";
import { HotServer } from "../../support/switched-stores.ts";
import { creation, openTasks, update } from "./support.ts";
import { isHeartbeat, told, type Watcher, watch } from "./watching.ts";

const ONE = { kind: "import", taskId: "t1" };
const POLL_MS = 250;

/** An instance that never looks by itself: only what wakes it makes it look. */
const unhurried: Timing = {
  ...realTiming,
  sleep: (ms, signal) =>
    ms === POLL_MS
      ? new Promise((resolve) => {
          if (signal?.aborted) resolve();
          signal?.addEventListener("abort", () => resolve(), { once: true });
        })
      : realTiming.sleep(ms, signal),
};

/** Two instances on the same stores; `here` is the one that is watched at. */
async function twoInstances(timing?: Timing, change = (hot: HotStore): HotStore => hot) {
  const durable = memoryDurable([TASKS, TASK_EVENTS, CONTROL]);
  const server = new HotServer();
  const there = await openTasks({ stores: { durable, hot: server.connect() } });
  const here = await openTasks({
    stores: { durable, hot: change(server.connect()) },
    ...(timing === undefined ? {} : { timing }),
  });
  return { here, there };
}

describe("the watchers of an instance", () => {
  it("see what another one writes by the hint of its confirm alone", async () => {
    const { here, there } = await twoInstances(unhurried);
    await there.tasks.create(creation({ group: "g" }));
    const watchers = [ONE, { group: "g" }].map((input) => watch(here.watches, input));
    for (const one of watchers) await one.until(isHeartbeat);
    for (let revision = 2; revision < 6; revision++) {
      await there.tasks.update(update({ code: revision }));
      for (const one of watchers) expect(told(await one.next())).toBe(`CHANGED t1@${revision} PENDING`);
    }
  });

  it("see it, too, when every hint is lost", async () => {
    const deaf = (hot: HotStore) => Object.assign(hot, { onConfirmed: () => () => {} });
    const { here, there } = await twoInstances(undefined, deaf);
    await there.tasks.create(creation());
    const watcher = watch(here.watches, ONE);
    await watcher.until(isHeartbeat);
    await there.tasks.update(update({ code: 2 }));
    expect(told(await watcher.next())).toBe("CHANGED t1@2 PENDING");
  });

  it("do not make it look for what none of them wants", async () => {
    const { here, there } = await twoInstances(unhurried);
    await there.tasks.create(creation());
    const watcher = watch(here.watches, ONE);
    await watcher.until(isHeartbeat);
    let looks = 0;
    const { changes } = there.instance.durable;
    here.instance.durable.changes = (...call) => {
      looks++;
      return changes(...call);
    };
    for (let at = 0; at < 50; at++) await there.tasks.create(creation({ taskId: `other${at}` }));
    const others = looks;
    await there.tasks.update(update({ code: 2 }));
    expect(told(await watcher.next())).toBe("CHANGED t1@2 PENDING");
    // One that was due when the watcher began may still have been under way.
    expect(others).toBeLessThanOrEqual(1);
  });
});

describe("many watchers of one fast task", () => {
  const WATCHERS = 50;

  async function fast() {
    const bench = await openTasks();
    await bench.tasks.create(creation());
    let reads = 0;
    const { get } = bench.instance.durable;
    bench.instance.durable.get = (collection, key, options) => {
      if (options?.whole && key === "import/t1") reads++;
      return get(collection, key, options);
    };
    const write = async (from: number, to: number) => {
      for (let code = from; code <= to; code++) await bench.tasks.update(update({ code }));
    };
    return { ...bench, write, reads: () => reads };
  }
  const reached = (revision: number) => (item: WatchItem) =>
    "task" in item && item.task.revision === revision;
  const revisions = (items: readonly WatchItem[]) =>
    items.flatMap((item) => ("task" in item ? [item.task.revision] : []));

  it("read each step of its history once", async () => {
    const { watches, write, reads } = await fast();
    const watchers = Array.from({ length: WATCHERS }, () => watch(watches, ONE));
    for (const one of watchers) await one.until(isHeartbeat);
    const before = reads();
    const [all] = await Promise.all([
      Promise.all(watchers.map((one) => one.until(reached(200)))),
      write(2, 200),
    ]);
    for (const items of all) expect(revisions(items)).toEqual(Array.from({ length: 199 }, (_, at) => at + 2));
    // Steps are no more than revisions, and the writer's own copying of the tail reads the task, too.
    expect(reads() - before).toBeGreaterThan(0);
    expect(reads() - before).toBeLessThan(200 + 20);
  });

  it("that come back together share the reading of what they missed", async () => {
    const { watches, write, reads } = await fast();
    const resumeToken = (await watch(watches, ONE).next()).resumeToken;
    await write(2, 450);
    const before = reads();
    const back: Watcher[] = Array.from({ length: WATCHERS }, () => watch(watches, { ...ONE, resumeToken }));
    const all = await Promise.all(back.map((one) => one.until(reached(450))));
    for (const items of all) expect(revisions(items)).toEqual(Array.from({ length: 449 }, (_, at) => at + 2));
    expect(reads() - before).toBe(5);
  });
});
