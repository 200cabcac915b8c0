// Watchers in numbers, cut off, and slow.
import { describe, expect, it } from "vitest";
import type { WatchItem } from "../../../src/domain/tasks/watch-context.ts";
import { creation, deletion, failure, openTasks, put, update } from "./support.ts";
import { isHeartbeat, told, watch } from "./watching.ts";

const nameOf = (item: WatchItem) =>
  "task" in item ? item.task : "deleted" in item ? item.deleted : undefined;

const CUTS = 100;

describe("watchers", () => {
  it("that are cut off again and again see every final state, and no revision going back", async () => {
    const one = await openTasks({ heartbeatMs: 20 });
    const other = await openTasks({ heartbeatMs: 20, stores: one.instance });
    const ids = Array.from({ length: 20 }, (_, at) => `t${at}`);
    for (const taskId of ids) await one.tasks.create(creation({ taskId, group: "g" }));
    let writing = true;
    let failed = false;
    const cutsOf = [0, 0];
    const writers = (async () => {
      for (let at = 0; !failed && cutsOf.some((cuts) => cuts < CUTS); at++) {
        const { tasks } = at % 3 === 0 ? other : one;
        const taskId = `t${(at * 7) % ids.length}`;
        if (at % 41 === 0) await tasks.delete(deletion({ taskId }));
        else await tasks.put(put({ taskId, group: "g", code: at }));
        await new Promise((resolve) => setImmediate(resolve));
      }
      writing = false;
    })();

    const follow = async (index: number, input: object, every: boolean) => {
      const seen = new Map<string, { revision: number; told: string }>();
      let cuts = 0;
      let resumeToken = "";
      for (let done = false; !done; ) {
        done = !writing;
        const watcher = watch((cuts % 2 === 0 ? one : other).watches, { ...input, resumeToken });
        // Cut off in the middle, but for the last time.
        for (let item = await watcher.next(), at = 1; ; item = await watcher.next(), at++) {
          resumeToken = item.resumeToken;
          const name = nameOf(item);
          if (name !== undefined) {
            const before = seen.get(name.taskId)?.revision;
            expect(name.revision).toBeGreaterThanOrEqual(before ?? 0);
            if (every && before !== undefined) expect(name.revision).toBe(before + 1);
            seen.set(name.taskId, {
              revision: name.revision,
              told: told(item).replace("SNAPSHOT", "CHANGED"),
            });
          }
          if (done ? isHeartbeat(item) : at === 2 + (cuts % 5)) break;
        }
        await watcher.cut();
        cutsOf[index] = ++cuts;
      }
      return seen;
    };
    const group = await Promise.all([
      follow(0, { group: "g" }, false),
      follow(1, { kind: "import", taskId: "t5" }, true),
    ]).catch((error: unknown) => {
      failed = true;
      throw error;
    });
    await writers;
    for (const [index, seen] of group.entries()) {
      expect([...seen.keys()].sort()).toEqual(index === 0 ? [...ids].sort() : ["t5"]);
      for (const [taskId, last] of seen) {
        const { document } = await one.objects.read(`import/${taskId}`, {
          consistency: "strong",
          minRevision: 0,
        });
        const state = document?.live === true ? ` ${String(document.state)}` : "";
        const type = document?.live === true ? "CHANGED" : "DELETED";
        expect(last.told).toBe(`${type} ${taskId}@${document?.revision}${state}`);
      }
    }
    expect([one.feed.listeners, other.feed.listeners]).toEqual([0, 0]);
  });

  it("are served by one reader of the store, however many they are, and are freed when they go", async () => {
    const { tasks, watches, feed, instance } = await openTasks();
    await tasks.create(creation({ group: "g" }));
    const watchers = Array.from({ length: 1_000 }, (_, at) =>
      watch(watches, at % 2 === 0 ? { group: "g" } : { kind: "import", taskId: "t1" }),
    );
    await Promise.all(watchers.map((one) => one.until(isHeartbeat)));
    expect(feed.listeners).toBe(1_000);

    let reads = 0;
    const { changes } = instance.durable;
    instance.durable.changes = (...call) => {
      reads++;
      return changes(...call);
    };
    await tasks.update(update({ state: "PROCESSING" }));
    const items = await Promise.all(watchers.map((one) => one.next()));
    expect(new Set(items.map(told))).toEqual(new Set(["CHANGED t1@2 PROCESSING"]));
    expect(reads).toBeLessThan(20);

    await Promise.all(watchers.map((one) => one.cut()));
    expect(feed.listeners).toBe(0);
    // A look that was under way may still end; after it there is none.
    const atEnd = reads;
    await tasks.update(update({ status: "unseen" }));
    expect(reads).toBeLessThanOrEqual(atEnd + 1);
  });

  it("that do not read are told to resume, and find nothing missing", async () => {
    const { tasks, watches, feed } = await openTasks();
    const data = { text: "x".repeat(250_000) };
    await tasks.create(creation());
    const slow = watch(watches, { kind: "import" });
    const [, beat] = await slow.until(isHeartbeat);
    // More than 32 MiB.
    for (let at = 0; at < 160; at++) await tasks.put(put({ taskId: `big${at}`, data }));
    const quick = watch(watches, { kind: "import", taskId: "t1" });
    await quick.until(isHeartbeat);
    expect(await failure(slow.next())).toMatchObject({
      kind: "resource_exhausted",
      reason: "READER_TOO_SLOW",
    });
    const resumed = watch(watches, { kind: "import", resumeToken: beat?.resumeToken ?? "" });
    expect(await resumed.until(isHeartbeat)).toHaveLength(161);
    await tasks.update(update({ status: "s" }));
    expect(told(await quick.next())).toBe("CHANGED t1@2 PENDING");
    expect(feed.listeners).toBe(2);
  });

  it("end by UNAVAILABLE, and never by a heartbeat, when the store cannot be read", async () => {
    const { tasks, watches, feed, instance } = await openTasks({ heartbeatMs: 50 });
    await tasks.create(creation());
    const watchers = [watch(watches, { kind: "import" }), watch(watches, { kind: "import", taskId: "t1" })];
    await Promise.all(watchers.map((one) => one.until(isHeartbeat)));
    await instance.durable.close();
    for (const one of watchers) {
      const ended = failure(one.until(() => false));
      expect(await ended).toMatchObject({ kind: "unavailable" });
    }
    expect(feed.listeners).toBe(0);
    expect(await failure(watch(watches, { kind: "import" }).next())).toMatchObject({ kind: "unavailable" });
  });
});
