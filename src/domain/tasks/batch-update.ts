/** Many updates in one call, each on its own. */
import { Violations } from "../validation.ts";
import { tooLarge } from "./errors.ts";
import { BATCH_ITEMS, WRITES_AT_ONCE } from "./limits.ts";
import type { Admit } from "./list.ts";
import { type Task, taskKey } from "./task.ts";
import type { TaskChanged, UpdateInput } from "./tasks.ts";

/** What one update of a batch came to. */
export type BatchUpdateItem = TaskChanged | { readonly error: unknown };

type Updates = (input: UpdateInput) => Promise<TaskChanged>;

/**
 * In the order asked; updates of one task follow each other in that order. From the first task that is not admitted
 * on, all are applied too, and answered TOO_LARGE with `applied` = yes.
 */
export async function batchUpdateTasks(
  inputs: readonly UpdateInput[],
  update: Updates,
  admit: Admit<Task>,
): Promise<readonly BatchUpdateItem[]> {
  const v = new Violations();
  const fits = inputs.length >= 1 && inputs.length <= BATCH_ITEMS;
  v.check(fits, "requests", `must have 1 to ${BATCH_ITEMS} items`);
  v.throwIfAny();
  const items: BatchUpdateItem[] = [];
  let full = false;
  // What is held in memory before the budget is asked is bounded by the chunk.
  for (let first = 0; first < inputs.length; first += WRITES_AT_ONCE) {
    for (const item of await updateChunk(inputs.slice(first, first + WRITES_AT_ONCE), update)) {
      const fitsIn: boolean = "error" in item || (!full && admit(item.task));
      full ||= !fitsIn;
      items.push(fitsIn ? item : { error: answerFull() });
    }
  }
  return items;
}

async function updateChunk(
  inputs: readonly UpdateInput[],
  update: Updates,
): Promise<readonly BatchUpdateItem[]> {
  const lines = new Map<string, Promise<unknown>>();
  return Promise.all(
    inputs.map((input) => {
      const key = taskKey(input);
      const before = lines.get(key) ?? Promise.resolve();
      const item = before.then(() => update(input)).catch((error: unknown): BatchUpdateItem => ({ error }));
      lines.set(key, item);
      return item;
    }),
  );
}

function answerFull() {
  return tooLarge("the update was applied, but the answer is full: ask for this task again").withApplied(
    "yes",
  );
}
