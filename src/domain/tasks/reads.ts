/** Reads by name, through the two stores. */
import type { Objects, Provenance, Read } from "../../consistency/objects.ts";
import type { Document } from "../../ports/durable-store.ts";
import { Violations } from "../validation.ts";
import { checkTaskName } from "./content.ts";
import { taskNotFound, tooLarge } from "./errors.ts";
import { BATCH_ITEMS, FULL_TASKS_AT_ONCE } from "./limits.ts";
import type { Admit } from "./list.ts";
import type { TaskSettings } from "./policy.ts";
import { isLive, keptTask, type Task, type TaskName, taskKey, toTask } from "./task.ts";

export interface GetInput extends TaskName {
  readonly consistency: "fast" | "strong";
  /** 0 = none asked for. */
  readonly minRevision: number;
  /** What was found wrong while the input was read; thrown together with what is found here. */
  readonly violations?: Violations;
}

export interface BatchGetInput {
  readonly names: readonly TaskName[];
  readonly consistency: "fast" | "strong";
  readonly violations?: Violations;
}

export interface TaskRead {
  readonly task: Task;
  /** The very object is answered again while the task stays as it is. */
  readonly kept: boolean;
  readonly provenance: Provenance;
}

/** What one name of a batch came to. An unsuccessful read may have a provenance too: who says that nothing is there. */
export type BatchItem = TaskRead | { readonly error: unknown; readonly provenance?: Provenance };

export async function getTask(
  objects: Objects,
  settings: TaskSettings,
  input: GetInput,
  signal?: AbortSignal,
): Promise<TaskRead> {
  const v = input.violations ?? new Violations();
  checkTaskName(v, input);
  v.throwIfAny();
  const { consistency, minRevision } = input;
  const read = await objects.read(taskKey(input), {
    consistency,
    minRevision,
    ...(signal === undefined ? {} : { signal }),
  });
  const { document } = read;
  if (!isLive(document)) throw taskNotFound();
  return taskRead(read, document, settings);
}

/** Each name on its own, in the order asked. From the first task that is not admitted on, all are TOO_LARGE. */
export async function batchGetTasks(
  objects: Objects,
  settings: TaskSettings,
  input: BatchGetInput,
  admit: Admit<Task>,
  signal?: AbortSignal,
): Promise<readonly BatchItem[]> {
  const { names, consistency } = input;
  const v = input.violations ?? new Violations();
  v.check(names.length >= 1 && names.length <= BATCH_ITEMS, "names", `must have 1 to ${BATCH_ITEMS} items`);
  v.throwIfAny();
  const options = { consistency, minRevision: 0, ...(signal === undefined ? {} : { signal }) };
  const items: BatchItem[] = [];
  while (items.length < names.length) {
    const first = items.length;
    const chunk = names.slice(first, first + FULL_TASKS_AT_ONCE);
    const faults = chunk.map((name, index) => faultOf(name, first + index));
    const keys = chunk.filter((_, index) => faults[index] === undefined).map(taskKey);
    const found = await readEach(objects, [...new Set(keys)], options);
    for (const [index, name] of chunk.entries()) {
      const item = faults[index] ?? itemOf(found.get(taskKey(name)), settings);
      if ("task" in item && !admit(item.task)) return fillUp(items, names.length);
      items.push(item);
    }
  }
  return items;
}

async function readEach(
  objects: Objects,
  keys: readonly string[],
  options: Parameters<Objects["readMany"]>[1],
): Promise<ReadonlyMap<string, Read | Error>> {
  const answers = await objects.readMany(keys, options);
  return new Map(
    keys.flatMap((key, index) => {
      const answer = answers[index];
      return answer === undefined ? [] : [[key, answer] as const];
    }),
  );
}

function faultOf(name: TaskName, index: number): BatchItem | undefined {
  const v = new Violations(`names[${index}].`);
  checkTaskName(v, name);
  try {
    v.throwIfAny();
    return undefined;
  } catch (error) {
    return { error };
  }
}

function itemOf(read: Read | Error | undefined, settings: TaskSettings): BatchItem {
  if (read === undefined || read instanceof Error) return { error: read };
  const { document, provenance } = read;
  if (!isLive(document)) return { error: taskNotFound(), provenance };
  return taskRead(read, document, settings);
}

function taskRead({ kept = false, provenance }: Read, document: Document, settings: TaskSettings): TaskRead {
  return { task: kept ? keptTask(document, settings) : toTask(document, settings), kept, provenance };
}

function fillUp(items: readonly BatchItem[], length: number): readonly BatchItem[] {
  const error = tooLarge("the answer is full: ask for this one again");
  return [...items, ...Array.from({ length: length - items.length }, () => ({ error }))];
}
