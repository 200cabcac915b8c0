import { describe, expect, it } from "vitest";
import { encodePageToken } from "../../../src/domain/paging.ts";
import { FULL_TASKS_AT_ONCE } from "../../../src/domain/tasks/limits.ts";
import type { ListInput } from "../../../src/domain/tasks/list.ts";
import type { Tasks } from "../../../src/domain/tasks/tasks.ts";
import { Violations } from "../../../src/domain/validation.ts";
import type { Json } from "../../../src/json.ts";
import {
  always,
  type Bench,
  badFields,
  creation,
  deletion,
  eventsOf,
  failure,
  openTasks,
  put,
  update,
} from "./support.ts";

const list = (more: Partial<ListInput> = {}): ListInput => ({
  kind: "",
  group: "",
  states: [],
  createdAfter: undefined,
  createdBefore: undefined,
  updatedAfter: undefined,
  updatedBefore: undefined,
  pageSize: 0,
  pageToken: "",
  view: "basic",
  ...more,
});

async function idsOf(tasks: Tasks, more: Partial<ListInput> = {}): Promise<readonly string[]> {
  return (await tasks.list(list(more), always)).tasks.map(({ taskId }) => taskId);
}

/** Ids of every page, and how long each was. */
async function pages(tasks: Tasks, more: Partial<ListInput>, admitted = Number.POSITIVE_INFINITY) {
  const ids: string[] = [];
  const sizes: number[] = [];
  let pageToken = "";
  do {
    let left = admitted;
    const page = await tasks.list(list({ ...more, pageToken }), () => left-- > 0);
    ids.push(...page.tasks.map(({ taskId }) => taskId));
    sizes.push(page.tasks.length);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return { ids, sizes };
}

/** Created 10 ms apart: a, b, c, d, e; d in another group, e of another kind; c deleted. */
async function five(): Promise<Bench & { start: number }> {
  const bench = await openTasks();
  const start = bench.clock.time;
  const more = [
    {},
    { state: "PROCESSING" },
    {},
    { group: "g", state: "FAILED" },
    { kind: "export", state: "COMPLETED" },
  ] as const;
  for (const [index, content] of more.entries()) {
    await bench.tasks.create(creation({ taskId: "abcde".charAt(index), data: { index }, ...content }));
    bench.clock.time += 10;
  }
  await bench.tasks.delete(deletion({ taskId: "c" }));
  return { ...bench, start };
}

describe("a list", () => {
  it("is newest first, without deleted tasks, and without data unless full", async () => {
    const { tasks } = await five();
    const basic = await tasks.list(list(), always);
    expect(basic.tasks.map(({ taskId, data }) => [taskId, data])).toEqual([
      ["e", undefined],
      ["d", undefined],
      ["b", undefined],
      ["a", undefined],
    ]);
    expect(basic.nextPageToken).toBe("");
    const full = await tasks.list(list({ view: "full" }), always);
    expect(full.tasks.map(({ data }) => data)).toEqual([
      { index: 4 },
      { index: 3 },
      { index: 1 },
      { index: 0 },
    ]);
  });

  it("goes by kind, group, states and times, from inclusive, before exclusive", async () => {
    const { tasks, clock, start } = await five();
    expect(await idsOf(tasks, { kind: "import" })).toEqual(["d", "b", "a"]);
    expect(await idsOf(tasks, { kind: "import", group: "default" })).toEqual(["b", "a"]);
    expect(await idsOf(tasks, { group: "g" })).toEqual(["d"]);
    expect(await idsOf(tasks, { group: "none" })).toEqual([]);
    expect(await idsOf(tasks, { states: ["FAILED"] })).toEqual(["d"]);
    expect(await idsOf(tasks, { states: ["FAILED", "PENDING"] })).toEqual(["d", "a"]);
    expect(
      await idsOf(tasks, { states: ["CANCELLED", "COMPLETED", "FAILED", "PENDING", "PROCESSING"] }),
    ).toHaveLength(4);
    expect(await idsOf(tasks, { createdAfter: start + 10 })).toEqual(["e", "d", "b"]);
    expect(await idsOf(tasks, { createdBefore: start + 30 })).toEqual(["b", "a"]);
    expect(await idsOf(tasks, { createdAfter: start + 10, createdBefore: start + 30 })).toEqual(["b"]);
    const { task } = await tasks.update(update({ taskId: "a", code: 1 }));
    expect(task.updateTime).toBe(clock.time);
    expect(await idsOf(tasks, { updatedAfter: clock.time })).toEqual(["a"]);
    expect(await idsOf(tasks, { updatedBefore: clock.time })).toEqual(["e", "d", "b"]);
  });

  it("in pages holds each task once, those of one millisecond too", async () => {
    const { tasks, clock } = await openTasks();
    const ids = Array.from({ length: 25 }, (_, index) => `t${String(index).padStart(2, "0")}`);
    for (const [index, taskId] of ids.entries()) {
      await tasks.create(creation({ taskId }));
      if (index % 7 === 6) clock.time += 1;
    }
    for (const view of ["basic", "full"] as const) {
      const { ids: listed, sizes } = await pages(tasks, { pageSize: 10, view });
      expect(listed).toEqual(ids.toReversed());
      expect(sizes).toEqual([10, 10, 5]);
    }
    expect((await pages(tasks, { pageSize: 25 })).sizes).toEqual([25]);
  });

  it("whose page is full before its size goes on after the last task in it", async () => {
    const { tasks } = await five();
    expect(await pages(tasks, {}, 3)).toEqual({ ids: ["e", "d", "b", "a"], sizes: [3, 1] });
    expect(await pages(tasks, { pageSize: 2, view: "full" }, 1)).toEqual({
      ids: ["e", "d", "b", "a"],
      sizes: [1, 1, 1, 1],
    });
  });

  it("with data is read in portions, and still fills its page", async () => {
    const { tasks } = await openTasks();
    const count = FULL_TASKS_AT_ONCE * 2 + 2;
    for (let index = 0; index < count; index++) await tasks.create(creation({ taskId: `t${index}` }));
    expect((await pages(tasks, { pageSize: count - 1, view: "full" })).sizes).toEqual([count - 1, 1]);
    expect((await pages(tasks, { pageSize: 1_000, view: "full" })).sizes).toEqual([count]);
  });

  it("that goes on while others write keeps every task that stays", async () => {
    const { tasks, clock } = await openTasks();
    for (let index = 0; index < 12; index++) {
      await tasks.create(creation({ taskId: `t${index}` }));
      clock.time += 1;
    }
    const seen: string[] = [];
    let pageToken = "";
    for (let round = 0; round < 10; round++) {
      const page = await tasks.list(list({ pageSize: 3, pageToken }), always);
      seen.push(...page.tasks.map(({ taskId }) => taskId));
      await tasks.create(creation({ taskId: `new${round}` }));
      await tasks.put(put({ taskId: "t0", code: round }));
      await tasks.update(update({ taskId: "t5", code: round }));
      clock.time += 1;
      pageToken = page.nextPageToken;
      if (pageToken === "") break;
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => `t${11 - index}`));
  });

  it("refuses the token of another query, a broken one, and one with another position inside", async () => {
    const { tasks } = await five();
    const { nextPageToken: pageToken } = await tasks.list(list({ pageSize: 1 }), always);
    const bad = { reason: "INVALID_PAGE_TOKEN", violations: [{ field: "page_token" }] };
    const refused = async (more: Partial<ListInput>) =>
      expect(await failure(tasks.list(list(more), always))).toMatchObject(bad);
    await refused({ pageToken, kind: "import" });
    await refused({ pageToken, group: "g" });
    await refused({ pageToken, states: ["PENDING"] });
    await refused({ pageToken, createdAfter: 1 });
    await refused({ pageToken, updatedBefore: 1 });
    await refused({ pageToken: `${pageToken}x` });
    await refused({ pageToken: "?" });
    const query: Json = {
      list: "tasks",
      kind: "",
      group: "",
      states: ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"],
      created: [null, null],
      updated: [null, null],
    };
    for (const position of [null, 1, [1], ["1", "a"], [1.5, "a"], [1, 2], [1, "a", 3], { a: 1 }]) {
      await refused({ pageToken: encodePageToken(query, position) });
    }
    // The query above is the right one: a good position is taken. Page size and view may change on the way.
    const good = await tasks.list(
      list({ pageToken: encodePageToken(query, [Number.MAX_SAFE_INTEGER, "z"]), pageSize: 2, view: "full" }),
      always,
    );
    expect(good.tasks).toHaveLength(2);
  });

  it("names every bad field, with those found before", async () => {
    const { tasks } = await openTasks();
    const violations = new Violations();
    violations.add("states[0]", "is odd");
    const bad = list({ kind: "/", group: "/", pageSize: -1, violations });
    expect(await badFields(tasks.list(bad, always))).toEqual(["states[0]", "kind", "group", "page_size"]);
    expect(await badFields(tasks.count(list({ kind: "/", group: "/" })))).toEqual(["kind", "group"]);
  });
});

describe("a count", () => {
  it("is by state, zeros included, by the same filters", async () => {
    const { tasks } = await five();
    expect(await tasks.count(list())).toEqual({
      counts: [
        { state: "PENDING", count: 1 },
        { state: "PROCESSING", count: 1 },
        { state: "COMPLETED", count: 1 },
        { state: "FAILED", count: 1 },
        { state: "CANCELLED", count: 0 },
      ],
      total: 4,
    });
    expect(await tasks.count(list({ kind: "import", states: ["FAILED", "PENDING"] }))).toEqual({
      counts: [
        { state: "PENDING", count: 1 },
        { state: "FAILED", count: 1 },
      ],
      total: 2,
    });
  });
});

describe("the history", () => {
  it("tells every change in order with time, revision and request, and outlives the task", async () => {
    const { tasks, clock } = await openTasks();
    const start = clock.time;
    await tasks.create(creation({ requestId: "r1", progress: 0.25 }));
    clock.time += 1;
    await tasks.update(update({ state: "PROCESSING", message: "m" }));
    clock.time += 1;
    await tasks.delete(deletion({ requestId: "r3" }));
    const { events, nextPageToken } = await tasks.events(eventsOf(), always);
    expect(nextPageToken).toBe("");
    const none = {
      state: undefined,
      status: undefined,
      code: undefined,
      message: undefined,
      progress: undefined,
    };
    const created = { state: "PENDING", status: "", code: 0, message: "", progress: 0.25 };
    expect(events).toEqual([
      { type: "CREATED", revision: 1, time: start, requestId: "r1", ...created },
      {
        ...none,
        type: "UPDATED",
        revision: 2,
        time: start + 1,
        requestId: "",
        state: "PROCESSING",
        message: "m",
      },
      { ...none, type: "DELETED", revision: 3, time: start + 2, requestId: "r3" },
    ]);
  });

  it("in pages is whole, across what was copied away from the task", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    for (let code = 2; code <= 150; code++) await tasks.update(update({ code }));
    const revisions: number[] = [];
    let pageToken = "";
    do {
      let left = 30;
      const page = await tasks.events(eventsOf({ pageSize: 40, pageToken }), () => left-- > 0);
      revisions.push(...page.events.map(({ revision }) => revision));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(revisions).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  });

  it("of a task that never was is NOT_FOUND; bad names, sizes and tokens are named", async () => {
    const { tasks } = await openTasks();
    expect(await failure(tasks.events(eventsOf(), always))).toMatchObject({ reason: "TASK_NOT_FOUND" });
    await tasks.create(creation());
    expect(await badFields(tasks.events(eventsOf({ taskId: "/", pageSize: -1 }), always))).toEqual([
      "task_id",
      "page_size",
    ]);
    const query = { list: "task_events", key: "import/t1" };
    for (const pageToken of [
      "?",
      ...[0, -1, 1.5, "1", null].map((position) => encodePageToken(query, position)),
    ]) {
      expect(await failure(tasks.events(eventsOf({ pageToken }), always))).toMatchObject({
        reason: "INVALID_PAGE_TOKEN",
      });
    }
    expect(await tasks.events(eventsOf({ pageToken: encodePageToken(query, 1) }), always)).toEqual({
      events: [],
      nextPageToken: "",
    });
  });
});
