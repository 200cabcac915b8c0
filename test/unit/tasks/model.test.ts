// Any sequence of calls comes out as a simple model of the contract says.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TASK_STATES, type TaskState } from "../../../src/domain/tasks/policy.ts";
import type { Tasks } from "../../../src/domain/tasks/tasks.ts";
import { ServiceError } from "../../../src/errors.ts";
import type { Json, JsonObject } from "../../../src/json.ts";
import { jsonObject, referenceMerge } from "./json-arbitrary.ts";
import {
  always,
  cancellation,
  comparable,
  creation,
  deletion,
  eventsOf,
  named,
  openTasks,
  put,
  update,
} from "./support.ts";

type Method = "create" | "put" | "update" | "cancel" | "delete";
interface Call {
  readonly method: Method;
  readonly taskId: string;
  readonly state: TaskState | undefined;
  readonly code: number | undefined;
  readonly data: JsonObject | undefined;
  readonly replaceData: boolean;
  /** Revisions back from the current one; undefined = no etag. */
  readonly etagAge: number | undefined;
  readonly requestId: string;
  /** Sends the call before once more, as it was. */
  readonly repeats: boolean;
}

const calls: fc.Arbitrary<readonly Call[]> = fc.array(
  fc.record({
    method: fc.constantFrom<Method>("create", "put", "update", "update", "update", "cancel", "delete"),
    taskId: fc.constantFrom("a", "b"),
    state: fc.option(fc.constantFrom(...TASK_STATES), { nil: undefined, freq: 2 }),
    code: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    data: fc.option(jsonObject, { nil: undefined }),
    replaceData: fc.boolean(),
    etagAge: fc.option(fc.constantFrom(0, 0, 1), { nil: undefined, freq: 2 }),
    requestId: fc.constantFrom("", "", "r1", "r2"),
    repeats: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 30 },
);

interface Live {
  readonly state: TaskState;
  readonly code: number;
  readonly data: Json;
}

/** One task as the contract has it. */
class Model {
  revision = 0;
  live: Live | undefined;
  readonly events: string[] = [];
  readonly etags: string[] = [];
  readonly #requests = new Map<string, { readonly body: string; readonly revision: number }>();

  /** The word for what the call comes to. */
  apply(call: Call, etag: string): string {
    if (isNothing(call)) return "INVALID_FIELD";
    const known = call.requestId === "" ? undefined : this.#requests.get(call.requestId);
    // Where a creation is refused or nothing deleted nobody remembers the request, so this is all there is to know.
    if (known !== undefined) {
      if (known.body !== bodyOf(call, etag)) return "REQUEST_ID_REUSED";
      return call.method === "delete" || this.live ? `replayed ${known.revision}` : "TASK_NOT_FOUND";
    }
    const refusal = this.#refusal(call, etag);
    if (refusal !== undefined) return refusal;
    const before = this.live;
    this.live = after(call, before);
    this.revision++;
    this.events.push(eventType(call.method, before));
    if (call.requestId !== "") {
      this.#requests.set(call.requestId, { body: bodyOf(call, etag), revision: this.revision });
    }
    return `applied ${this.revision}`;
  }

  #refusal({ method, state }: Call, etag: string): string | undefined {
    const stale = etag !== "" && etag !== this.etags.at(-1);
    switch (method) {
      case "create":
        return this.live ? "TASK_EXISTS" : undefined;
      case "put":
        return etag !== "" && (!this.live || stale) ? "ETAG_MISMATCH" : undefined;
      case "delete":
        if (!this.live) return "nothing there";
        return stale ? "ETAG_MISMATCH" : undefined;
      case "update":
        return this.#judge(stale, state);
      case "cancel":
        return this.#judge(stale, "CANCELLED");
    }
  }

  #judge(stale: boolean, next: TaskState | undefined): string | undefined {
    if (!this.live) return "TASK_NOT_FOUND";
    if (stale) return "ETAG_MISMATCH";
    const { state } = this.live;
    const legal = next === undefined || state === "PENDING" || (state === "PROCESSING" && next !== "PENDING");
    return legal ? undefined : "ILLEGAL_TRANSITION";
  }
}

/** Bad input: the only thing that is judged before a repeated request is known. */
function isNothing({ method, state, code, data, replaceData }: Call): boolean {
  return method === "update" && data === undefined && (replaceData || (state ?? code) === undefined);
}

function after(call: Call, before: Live | undefined): Live | undefined {
  const { method, state, code, data, replaceData } = call;
  if (method === "delete") return undefined;
  if (method === "create" || method === "put" || before === undefined) {
    return { state: state ?? "PENDING", code: code ?? 0, data: data ?? {} };
  }
  if (method === "cancel") return { ...before, state: "CANCELLED" };
  const merged = data === undefined ? before.data : replaceData ? data : referenceMerge(before.data, data);
  return { state: state ?? before.state, code: code ?? before.code, data: merged };
}

function eventType(method: Method, before: Live | undefined): string {
  if (method === "put") return before === undefined ? "CREATED" : "REPLACED";
  return { create: "CREATED", update: "UPDATED", cancel: "CANCELLED", delete: "DELETED" }[method];
}

/** What the call sends, without the request_id. */
function bodyOf({ method, taskId, state, code, data, replaceData }: Call, etag: string): string {
  const name = [method, taskId];
  if (method === "delete" || method === "cancel") return comparable([...name, etag]);
  if (method === "update") {
    return comparable([...name, etag, state ?? null, code ?? null, data ?? null, replaceData]);
  }
  const whole = [state ?? "PENDING", code ?? 0, data ?? {}];
  return comparable(method === "create" ? [...name, ...whole] : [...name, etag, ...whole]);
}

async function perform(
  tasks: Tasks,
  group: string,
  call: Call,
  etag: string,
): Promise<{ word: string; etag?: string }> {
  const { method, state, code, data, replaceData, requestId } = call;
  const taskId = `${group}${call.taskId}`;
  const content = { taskId, requestId, state, code, data };
  try {
    if (method === "delete") {
      const { existed, replayed, appliedRevision } = await tasks.delete(
        deletion({ taskId, requestId, etag }),
      );
      if (!existed) return { word: "nothing there" };
      return { word: `${replayed ? "replayed" : "applied"} ${appliedRevision}` };
    }
    const { task, replayed, appliedRevision } = await {
      create: () => tasks.create(creation({ ...content, group })),
      put: () => tasks.put(put({ ...content, group, etag })),
      update: () => tasks.update(update({ ...content, replaceData, etag })),
      cancel: () => tasks.cancel(cancellation({ taskId, requestId, etag })),
    }[method]();
    return { word: `${replayed ? "replayed" : "applied"} ${appliedRevision}`, etag: task.etag };
  } catch (error) {
    if (error instanceof ServiceError) return { word: error.reason };
    throw error;
  }
}

describe("tasks", () => {
  it("behave as the model of the contract does, whatever is called", async () => {
    const words = new Set<string>();
    const { tasks, clock } = await openTasks();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(calls, async (sequence) => {
        const group = `run${++runs}`;
        const models = new Map([
          ["a", new Model()],
          ["b", new Model()],
        ]);
        let previous: { readonly call: Call; readonly etag: string } | undefined;
        for (const next of sequence) {
          clock.time += 1;
          const call = (next.repeats && previous?.call) || next;
          const model = models.get(call.taskId) ?? new Model();
          const known = call.etagAge === undefined ? "" : (model.etags.at(-1 - call.etagAge) ?? "");
          const etag = previous?.call === call ? previous.etag : known;
          previous = { call, etag };
          const done = await perform(tasks, group, call, etag);
          const expected = model.apply(call, etag);
          expect(done.word, JSON.stringify(call)).toBe(expected);
          if (done.etag !== undefined && expected.startsWith("applied")) model.etags.push(done.etag);
          // A tombstone has an etag that nobody is told.
          if (call.method === "delete" && expected.startsWith("applied")) model.etags.push("");
          words.add(done.word.replace(/ .*/, ""));
        }
        for (const [taskId, model] of models) await agree(tasks, `${group}${taskId}`, model);
        const live = [...models.values()].flatMap(({ live }) => live ?? []);
        const all = {
          kind: "",
          group,
          states: [],
          createdAfter: undefined,
          createdBefore: undefined,
          updatedAfter: undefined,
          updatedBefore: undefined,
        };
        const { counts, total } = await tasks.count(all);
        expect(total).toBe(live.length);
        for (const { state, count } of counts) {
          expect(count).toBe(live.filter((task) => task.state === state).length);
        }
      }),
      { numRuns: 400 },
    );
    // Every outcome was met, so that the agreement means something.
    expect([...words].sort()).toEqual([
      "ETAG_MISMATCH",
      "ILLEGAL_TRANSITION",
      "INVALID_FIELD",
      "REQUEST_ID_REUSED",
      "TASK_EXISTS",
      "TASK_NOT_FOUND",
      "applied",
      "nothing",
      "replayed",
    ]);
  });
});

async function agree(tasks: Tasks, taskId: string, model: Model): Promise<void> {
  for (const consistency of ["fast", "strong"] as const) {
    const read = await tasks.get({ ...named({ taskId }), consistency }).catch(() => undefined);
    const { live, revision } = model;
    const seen = read && { ...read.task, data: comparable(read.task.data) };
    if (live === undefined) expect(seen).toBeUndefined();
    else expect(seen).toMatchObject({ ...live, data: comparable(live.data), revision });
  }
  const history = await tasks.events(eventsOf({ taskId }), always).catch(() => ({ events: [] }));
  expect(history.events.map(({ type }) => type)).toEqual(model.events);
  expect(history.events.map(({ revision }) => revision)).toEqual(model.events.map((_, index) => index + 1));
}
