import { describe, expect, it } from "vitest";
import { badFields, creation, deletion, failure, openTasks, put, update } from "./support.ts";
import { isHeartbeat, told, watch } from "./watching.ts";

const ONE = { kind: "import", taskId: "t1" };

describe("a watch of one task", () => {
  it("begins with the task as it is, then tells of every revision and of its deletion", async () => {
    const { tasks, watches } = await openTasks();
    await tasks.create(creation({ data: { a: 1 } }));
    const watcher = watch(watches, ONE);
    expect(told(await watcher.next())).toBe("SNAPSHOT t1@1 PENDING");
    expect(told(await watcher.next())).toBe("HEARTBEAT");
    await tasks.update(update({ state: "PROCESSING", data: { b: 2 } }));
    expect(await watcher.next()).toMatchObject({
      type: "CHANGED",
      task: { revision: 2, data: { a: 1, b: 2 } },
    });
    await tasks.delete(deletion());
    expect(told(await watcher.next())).toBe("DELETED t1@3");
    await tasks.create(creation());
    expect(told(await watcher.next())).toBe("CHANGED t1@4 PENDING");
  });

  it("tells the revisions that it came too late for from the history, without their data", async () => {
    const { tasks, watches } = await openTasks();
    await tasks.create(creation({ group: "g", data: { a: 1 } }));
    const watcher = watch(watches, ONE);
    const [snapshot] = await watcher.until(isHeartbeat);
    await watcher.cut();
    await tasks.update(update({ state: "PROCESSING", status: "s1", progress: 0.5 }));
    await tasks.update(update({ message: "half" }));
    await tasks.delete(deletion());
    await tasks.put(put({ state: "FAILED", group: "g", data: { z: 1 } }));
    const resumed = watch(watches, { ...ONE, resumeToken: snapshot?.resumeToken ?? "" });
    const items = await resumed.until(isHeartbeat);
    expect(items.map(told)).toEqual([
      "CHANGED t1@2 PROCESSING",
      "CHANGED t1@3 PROCESSING",
      "DELETED t1@4",
      "CHANGED t1@5 FAILED",
      "HEARTBEAT",
    ]);
    expect(items[1]).toMatchObject({
      task: { group: "g", status: "s1", progress: 0.5, message: "half", data: undefined, etag: "" },
    });
    expect(items[3]).toMatchObject({ task: { data: { z: 1 } } });
  });

  it("skips no revision, however fast they come and however long the history is", async () => {
    const { tasks, watches } = await openTasks();
    await tasks.create(creation());
    const watcher = watch(watches, ONE);
    const snapshot = await watcher.next();
    const last = 1200;
    const writing = (async () => {
      for (let at = 2; at <= last; at++) await tasks.update(update({ code: at }));
    })();
    const items = await watcher.until((item) => "task" in item && item.task.revision === last);
    await writing;
    const tasksTold = [snapshot, ...items].flatMap((item) => ("task" in item ? [item.task] : []));
    expect(tasksTold.map(({ revision }) => revision)).toEqual(
      Array.from({ length: last }, (_, at) => at + 1),
    );
    expect(tasksTold.slice(1).every(({ code, revision }) => code === revision)).toBe(true);
    const late = watch(watches, { ...ONE, resumeToken: snapshot.resumeToken });
    // All but the first, and the heartbeat.
    expect(await late.until(isHeartbeat)).toHaveLength(last);
  });

  it("is NOT_FOUND where there is none, but not where it was deleted since the token", async () => {
    const { tasks, watches } = await openTasks();
    expect(await failure(watch(watches, ONE).next())).toMatchObject({ reason: "TASK_NOT_FOUND" });
    await tasks.create(creation());
    const { resumeToken } = await watch(watches, ONE).next();
    await tasks.delete(deletion());
    expect(await failure(watch(watches, ONE).next())).toMatchObject({ reason: "TASK_NOT_FOUND" });
    expect(told(await watch(watches, { ...ONE, resumeToken }).next())).toBe("DELETED t1@2");
  });
});

describe("a watch of many tasks", () => {
  it("tells what there is, then the latest of each task that changed, and of no others", async () => {
    const { tasks, watches } = await openTasks();
    await tasks.create(creation({ taskId: "a", group: "g" }));
    await tasks.create(creation({ taskId: "b", group: "h" }));
    await tasks.create(creation({ kind: "export", taskId: "c", group: "g" }));
    const both = watch(watches, { kind: "import", group: "g" });
    const kind = watch(watches, { kind: "import" });
    const group = watch(watches, { group: "g" });
    const began = await Promise.all([both, kind, group].map((one) => one.until(isHeartbeat)));
    expect(began.map((items) => items.slice(0, -1).map(told).sort())).toEqual([
      ["SNAPSHOT a@1 PENDING"],
      ["SNAPSHOT a@1 PENDING", "SNAPSHOT b@1 PENDING"],
      ["SNAPSHOT a@1 PENDING", "SNAPSHOT c@1 PENDING"],
    ]);
    await tasks.update(update({ kind: "export", taskId: "c", state: "PROCESSING" }));
    expect(told(await group.next())).toBe("CHANGED c@2 PROCESSING");
    await tasks.update(update({ taskId: "b", status: "s" }));
    expect(told(await kind.next())).toBe("CHANGED b@2 PENDING");
    await tasks.delete(deletion({ taskId: "a" }));
    for (const one of [both, kind, group]) expect(told(await one.next())).toBe("DELETED a@2");
  });

  it("goes on inside a snapshot that was cut off, and tells what changed meanwhile", async () => {
    const { tasks, watches, clock } = await openTasks();
    for (let at = 0; at < 150; at++) {
      clock.time++;
      await tasks.create(creation({ taskId: `t${at}` }));
    }
    const first = watch(watches, { kind: "import" });
    const seen = new Set<string>();
    let resumeToken = "";
    for (let at = 0; at < 70; at++) {
      const item = await first.next();
      resumeToken = item.resumeToken;
      seen.add(told(item));
    }
    await first.cut();
    await tasks.update(update({ taskId: "t149", status: "s" }));
    const items = await watch(watches, { kind: "import", resumeToken }).until(isHeartbeat);
    const snapshot = items.filter(({ type }) => type === "SNAPSHOT").map(told);
    expect(snapshot).toHaveLength(80);
    expect(new Set([...seen, ...snapshot]).size).toBe(150);
    expect(items.filter(({ type }) => type === "CHANGED").map(told)).toEqual(["CHANGED t149@2 PENDING"]);
  });

  it("sees what another instance writes, and goes on there", async () => {
    const here = await openTasks();
    const there = await openTasks({ stores: here.instance });
    const watcher = watch(here.watches, { kind: "import" });
    await watcher.until(isHeartbeat);
    await there.tasks.create(creation());
    const item = await watcher.next();
    expect(told(item)).toBe("CHANGED t1@1 PENDING");
    await here.tasks.update(update({ state: "COMPLETED" }));
    const moved = watch(there.watches, { kind: "import", resumeToken: item.resumeToken });
    expect((await moved.until(isHeartbeat)).map(told)).toEqual(["CHANGED t1@2 COMPLETED", "HEARTBEAT"]);
  });
});

describe("any watch", () => {
  it("says that it is alive when nothing happens", async () => {
    const { tasks, watches } = await openTasks({ heartbeatMs: 5 });
    await tasks.create(creation());
    for (const input of [ONE, { group: "default" }]) {
      const watcher = watch(watches, input);
      await watcher.until(isHeartbeat);
      const beat = await watcher.next();
      expect(told(beat)).toBe("HEARTBEAT");
      const again = await watch(watches, { ...input, resumeToken: beat.resumeToken }).until(isHeartbeat);
      expect(again.map(told)).toEqual(["HEARTBEAT"]);
    }
  });

  it("takes no token but its own", async () => {
    const { tasks, watches } = await openTasks();
    await tasks.create(creation());
    const one = (await watch(watches, ONE).next()).resumeToken;
    const many = (await watch(watches, { kind: "import" }).next()).resumeToken;
    const foreign = [
      { ...ONE, resumeToken: many },
      { kind: "import", resumeToken: one },
      { kind: "import", group: "default", resumeToken: many },
      { ...ONE, resumeToken: "x" },
      { kind: "import", resumeToken: `${many}A` },
    ];
    for (const input of foreign) {
      const error = await failure(watch(watches, input).next());
      expect(error).toMatchObject({ kind: "invalid_argument", reason: "INVALID_RESUME_TOKEN" });
      expect(error.violations.map(({ field }) => field)).toEqual(["resume_token"]);
    }
  });

  it("has to say what it is of", async () => {
    const { watches } = await openTasks();
    const fields = (input: object) => badFields((async () => watch(watches, input).next())());
    expect(await fields({})).toEqual(["kind"]);
    expect(await fields({ taskId: "t1" })).toEqual(["kind"]);
    expect(await fields({ ...ONE, group: "g" })).toEqual(["group"]);
    expect(await fields({ group: "/" })).toEqual(["group"]);
  });
});
