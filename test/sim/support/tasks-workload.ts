import type { MemoryDocuments } from "../../../src/adapters/memory/documents.ts";
import { CONTROL } from "../../../src/consistency/generation-document.ts";
import { tailOf } from "../../../src/consistency/history.ts";
import { TASK_EVENTS, TASK_OBJECTS, TASKS } from "../../../src/domain/tasks/collections.ts";
import { toTaskEvent } from "../../../src/domain/tasks/events.ts";
import {
  DEFAULT_TASK_SETTINGS,
  isTaskState,
  NEXT_STATES,
  TASK_STATES,
} from "../../../src/domain/tasks/policy.ts";
import { type Task, taskName } from "../../../src/domain/tasks/task.ts";
import { type TaskChanged, Tasks } from "../../../src/domain/tasks/tasks.ts";
import { ServiceError } from "../../../src/errors.ts";
import type { Operation, Revision } from "../../support/history/operation.ts";
import type { Call, Seen, Service, Workload } from "./workload.ts";

/** Only this one is ever deleted: "there is none" is a revision for the others, and for it none that a reader learns. */
const DELETED_KEY = "import/deleted";

/** TaskService's rules over the protocol. A task's message names the write that made it. */
export const tasks: Workload = {
  name: "tasks",
  specs: [TASKS, TASK_EVENTS, CONTROL],
  kind: TASK_OBJECTS,
  keys: ["import/hot", "import/warm", DELETED_KEY, "import/cold"],
  open: ({ objects, durable, timing }) => ({
    tasks: new Tasks({
      objects,
      store: durable,
      settings: DEFAULT_TASK_SETTINGS,
      clock: timing,
      ids: { random: () => timing.uniqueId() },
    }),
  }),
  read: (key, consistency, minRevision) => ({
    begun: { key, op: "read", consistency, minRevision },
    perform: (service, signal) =>
      answer(key, async () => {
        const { task, provenance } = await tasksOf(service).get(
          { ...taskName(key), consistency, minRevision },
          signal,
        );
        const { source, degraded, asOf } = provenance;
        const old = degraded && source === "hot";
        return {
          outcome: "ok",
          source,
          ...shown(task),
          ...(old ? { degraded: true, ...(asOf === undefined ? {} : { asOf }) } : {}),
        };
      }),
  }),
  write: (chance, key, seen, unique) => {
    // A deletion has no message: its request names it.
    const requestId = key === DELETED_KEY || chance.happens(0.6) ? unique : "";
    const etag = chance.happens(0.2) ? (seen.etag ?? "") : "";
    const name = { ...taskName(key), requestId };
    const state = chance.pick(TASK_STATES);
    const message = unique;
    const call = (perform: (service: Tasks, signal?: AbortSignal) => Promise<TaskChanged>): Call => ({
      begun: {
        key,
        op: "write",
        wrote: unique,
        ...(requestId === "" ? {} : { requestId }),
        ...(etag === "" ? {} : { expected: seen.revision }),
      },
      perform: (service, signal) =>
        answer(key, async () => {
          const { task, replayed, appliedRevision } = await perform(tasksOf(service), signal);
          return { outcome: replayed ? "replayed" : "ok", appliedRevision, ...shown(task) };
        }),
    });
    const update = { ...name, message, etag, replaceData: false } as const;
    return chance.weighted<() => Call>([
      [4, () => call((service, signal) => service.create({ ...name, message }, signal))],
      [6, () => call((service, signal) => service.put({ ...name, message, state: "PENDING", etag }, signal))],
      [8, () => call((service, signal) => service.update(update, signal))],
      [6, () => call((service, signal) => service.update({ ...update, state }, signal))],
      [2, () => call((service, signal) => service.update({ ...update, state, override: true }, signal))],
      [
        8,
        () =>
          call((service, signal) => service.update({ ...update, data: { a: { [state]: unique } } }, signal)),
      ],
      [1, () => call((service, signal) => service.cancel({ ...name, message, etag }, signal))],
      [key === DELETED_KEY ? 8 : 0, () => deletion(key, name, etag, seen)],
    ])();
  },
  final: finalHistory,
  valueOf: ({ live, message }) => (live === true ? String(message) : undefined),
  legal: (from, to) => isTaskState(from) && isTaskState(to) && NEXT_STATES[from].includes(to),
};

function deletion(
  key: string,
  name: { readonly kind: string; readonly taskId: string; readonly requestId: string },
  etag: string,
  seen: Seen,
): Call {
  const { requestId } = name;
  return {
    begun: {
      key,
      op: "write",
      wrote: requestId,
      requestId,
      ...(etag === "" ? {} : { expected: seen.revision }),
    },
    perform: (service, signal) =>
      answer(key, async () => {
        const { existed, replayed, revision, appliedRevision } = await tasksOf(service).delete(
          { ...name, etag },
          signal,
        );
        if (!existed) return { outcome: "refused" };
        return replayed ? { outcome: "replayed", appliedRevision } : { outcome: "ok", revision };
      }),
  };
}

function tasksOf(service: Service): Tasks {
  return (service as { readonly tasks: Tasks }).tasks;
}

const REFUSALS = new Set(["TASK_EXISTS", "TASK_NOT_FOUND", "ETAG_MISMATCH", "ILLEGAL_TRANSITION"]);

async function answer(key: string, call: () => Promise<Partial<Operation>>): Promise<Partial<Operation>> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { reason, applied } = error;
    if (!REFUSALS.has(reason) || applied !== "no") return { outcome: "failed", applied, reason };
    const absent = reason === "TASK_NOT_FOUND" && key !== DELETED_KEY;
    return { outcome: "refused", reason, ...(absent ? { revision: 0 } : {}) };
  }
}

function shown({ revision, message, etag }: Task): Pick<Operation, "revision" | "value" | "etag"> {
  return { revision, value: message, etag };
}

function finalHistory(documents: MemoryDocuments, key: string): readonly Revision[] {
  const document = documents.get(TASKS.name, key, true);
  if (document === undefined) return [];
  const tail = tailOf(document);
  const copied = documents
    .find({
      collection: TASK_EVENTS.name,
      filters: [
        { field: "object", equals: key },
        { field: "number", below: tail[0]?.revision ?? document.revision + 1 },
      ],
      order: [
        { field: "number", direction: "ascending" },
        { field: "key", direction: "ascending" },
      ],
      limit: 1_000_000,
    })
    .map(({ number, event }) => ({ revision: Number(number), event: event ?? null }));
  let state: string | undefined;
  return [...copied, ...tail].map((entry) => {
    const { type, revision, requestId, message, state: entered } = toTaskEvent(entry);
    state = type === "DELETED" ? undefined : (entered ?? state);
    return {
      revision,
      value: type === "DELETED" ? requestId : (message ?? ""),
      ...(requestId === "" ? {} : { requestId }),
      ...(state === undefined ? {} : { state }),
      ...(type === "REPLACED" || type === "OVERRIDDEN" ? { marked: true } : {}),
    };
  });
}
