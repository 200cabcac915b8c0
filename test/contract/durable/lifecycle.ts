import assert from "node:assert/strict";
import { ServiceError } from "../../../src/errors.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import { type Check, failure, fields, upsert } from "./harness.ts";

export const lifecycleChecks: readonly Check[] = [
  { promise: "ping answers", run: (store) => store.ping() },
  { promise: "a signal that fired before the call means that nothing was applied", run: refusesAborted },
  { promise: "a signal that fires after the answer changes nothing", run: ignoresLateSignals },
  { promise: "a signal that fires during a write never makes a false no", run: tellsTheTruthWhenAborted },
  { promise: "a closed store is unavailable, and closing again does nothing", run: closes },
];

/** Every method once, writes of key `a` among them. */
function everyCall(store: DurableStore, signal?: AbortSignal): readonly Promise<unknown>[] {
  const options = signal === undefined ? {} : { signal };
  return [
    store.update(upsert("a", fields({ rank: 1 })), signal),
    store.insertMany("things", [{ key: "a" }], signal),
    store.deleteMany("things", ["kept"], signal),
    store.get("things", "a", options),
    store.getMany("things", ["a"], options),
    store.find(
      { collection: "things", filters: [], order: [{ field: "key", direction: "ascending" }], limit: 1 },
      signal,
    ),
    store.countBy("things", [], "state", signal),
    store.changes("things", undefined, 1, signal),
    store.ping(signal),
  ];
}

async function refusesAborted(store: DurableStore): Promise<void> {
  await store.update(upsert("kept", {}));
  const reasons = [
    [AbortSignal.abort(), "cancelled"],
    [AbortSignal.abort(new DOMException("late", "TimeoutError")), "deadline_exceeded"],
    [AbortSignal.abort(new ServiceError("unavailable", "SHUTTING_DOWN", "going")), "unavailable"],
  ] as const;
  for (const [signal, kind] of reasons) {
    for (const error of await Promise.all(everyCall(store, signal).map(failure))) {
      assert.equal(error.kind, kind);
      assert.equal(error.applied, "no");
    }
  }
  assert.equal(await store.get("things", "a"), undefined);
  assert.equal((await store.get("things", "kept"))?.revision, 1);
}

async function ignoresLateSignals(store: DurableStore): Promise<void> {
  const controller = new AbortController();
  await store.update(upsert("a", {}), controller.signal);
  controller.abort();
  assert.equal((await store.get("things", "a"))?.revision, 1);
}

async function tellsTheTruthWhenAborted(store: DurableStore): Promise<void> {
  await store.update(upsert("a", {}));
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, at) => {
      const controller = new AbortController();
      const call = store.update(upsert("a", { set: [[["data", `k${at}`], true]] }), controller.signal);
      for (let turn = 0; turn < at; turn += 1) await new Promise(setImmediate);
      controller.abort();
      return call.then(
        () => "yes",
        (error: unknown) => (error instanceof ServiceError ? error.applied : "not a ServiceError"),
      );
    }),
  );
  // A write whose outcome is unknown may still arrive: one after them all, acknowledged, ends the uncertainty
  // in a store that takes the writes of one document in turn, and harms nothing in another.
  await store.update(upsert("a", {}));
  const data = ((await store.get("things", "a"))?.data ?? {}) as Record<string, boolean>;
  for (const [at, applied] of answers.entries()) {
    assert.ok(["yes", "no", "unknown"].includes(applied), applied);
    if (applied === "yes") assert.equal(data[`k${at}`], true);
    if (applied === "no") assert.equal(data[`k${at}`], undefined);
  }
}

async function closes(store: DurableStore): Promise<void> {
  await store.update(upsert("a", {}));
  await store.close();
  await store.close();
  for (const error of await Promise.all(everyCall(store).map(failure))) {
    assert.equal(error.kind, "unavailable");
    assert.equal(error.reason, "DURABLE_STORE_UNAVAILABLE");
    assert.equal(error.applied, "no");
  }
}
