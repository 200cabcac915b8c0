/** Many tasks at once, straight into the files of an embedded store that nobody else has open. */
import { openSqlite } from "../../src/adapters/sqlite/durable.ts";
import { TASKS } from "../../src/domain/tasks/collections.ts";
import { TASK_STATES } from "../../src/domain/tasks/policy.ts";
import { taskKey } from "../../src/domain/tasks/task.ts";
import type { Document } from "../../src/ports/durable-store.ts";

export const KINDS = 20;
const GROUPS = 50;
const AT_ONCE = 1_000;
/** Insertions that share a commit. */
const TOGETHER = 10;
const SAY_EVERY = 100_000;

/**
 * Tasks number `from` to `below`, each like `model` (the key of a task that is there), of several kinds, groups and
 * states, and each made one millisecond after the one before.
 */
export async function seedTasks(
  directory: string,
  { model, from, below }: { readonly model: string; readonly from: number; readonly below: number },
  say: (text: string) => void,
): Promise<void> {
  const store = await openSqlite({ directory, collections: [TASKS] });
  try {
    const document = await store.get(TASKS.name, model, { whole: true });
    if (document === undefined) throw new Error(`there is no task ${model}`);
    const step = AT_ONCE * TOGETHER;
    for (let first = from; first < below; first += step) {
      const ends = Math.min(first + step, below);
      const starts = Array.from(
        { length: Math.ceil((ends - first) / AT_ONCE) },
        (_, n) => first + n * AT_ONCE,
      );
      await Promise.all(
        starts.map((start) => {
          const length = Math.min(AT_ONCE, ends - start);
          const tasks = Array.from({ length }, (_, n) => taskLike(document, start + n));
          return store.insertMany(TASKS.name, tasks);
        }),
      );
      if (ends % SAY_EVERY === 0) say(`${ends.toLocaleString("en-US")} tasks are there`);
    }
  } finally {
    await store.close();
  }
}

function taskLike(model: Document, n: number): Document {
  const name = { kind: `kind-${n % KINDS}`, taskId: `task-${n}` };
  const time = Number(model.create_time) + n;
  return {
    ...model,
    key: taskKey(name),
    kind: name.kind,
    task_id: name.taskId,
    group: `group-${n % GROUPS}`,
    // Mixed with another factor than the kinds', so that every kind has tasks in every state.
    state: TASK_STATES[Math.floor(n / KINDS) % TASK_STATES.length] ?? "PENDING",
    create_time: time,
    update_time: time,
  };
}
