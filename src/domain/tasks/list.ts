/** Lists and counts: always from the durable store, so never a part of what there is. */
import type { Json } from "../../json.ts";
import type { NameSet } from "../../names.ts";
import type { Document, DurableStore, Filter, Query, Scalar } from "../../ports/durable-store.ts";
import { type Alternative, alternatives } from "../names.ts";
import { badPageToken, decodePageToken, encodePageToken, pageSize } from "../paging.ts";
import { checkName, Violations } from "../validation.ts";
import { TASKS } from "./collections.ts";
import { FULL_TASKS_AT_ONCE } from "./limits.ts";
import { TASK_STATES, type TaskSettings, type TaskState } from "./policy.ts";
import { type Task, toTask } from "./task.ts";

/** Which tasks. Empty or undefined = any. Times in milliseconds since the epoch. */
export interface TaskFilter {
  readonly kind: string;
  /** The kinds that there are for the caller; any, unless given. */
  readonly visible?: NameSet;
  readonly group: string;
  readonly states: readonly TaskState[];
  /** Inclusive. */
  readonly createdAfter: number | undefined;
  /** Exclusive. */
  readonly createdBefore: number | undefined;
  /** Inclusive. */
  readonly updatedAfter: number | undefined;
  /** Exclusive. */
  readonly updatedBefore: number | undefined;
  /** What was found wrong while the filter was read; thrown together with what is found here. */
  readonly violations?: Violations;
}

export interface ListInput extends TaskFilter {
  readonly pageSize: number;
  readonly pageToken: string;
  /** Without `data` unless full. */
  readonly view: "basic" | "full";
}

export interface TaskPage {
  readonly tasks: readonly Task[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface TaskCounts {
  /** The states asked for, in the order of the contract's enum. */
  readonly counts: readonly { readonly state: TaskState; readonly count: number }[];
  readonly total: number;
}

/** Asked for each item in turn: the page ends before the first that it refuses. */
export type Admit<Item> = (item: Item) => boolean;

/** Newest first, by creation. */
export const NEWEST_FIRST: Query["order"] = [
  { field: "create_time", direction: "descending" },
  { field: "key", direction: "descending" },
];

export type Position = readonly [createTime: number, key: string];

export async function listTasks(
  store: DurableStore,
  settings: TaskSettings,
  input: ListInput,
  admit: Admit<Task>,
  signal?: AbortSignal,
): Promise<TaskPage> {
  const v = input.violations ?? new Violations();
  checkFilter(v, input);
  const size = pageSize(input.pageSize, v);
  v.throwIfAny();
  const identity = filterJson(input);
  let position = readPosition(decodePageToken(identity, input.pageToken));

  const tasks: Task[] = [];
  const page = (full: boolean): TaskPage => ({
    tasks,
    nextPageToken: full && position !== undefined ? encodePageToken(identity, position) : "",
  });
  for (;;) {
    const wanted = size - tasks.length;
    const limit = input.view === "full" ? Math.min(wanted, FULL_TASKS_AT_ONCE) : wanted;
    // One more than wanted tells whether there is a next page.
    const query = queryOf(input, position, limit + 1);
    const found = await findNewestFirst(store, query, filtersOf(input), signal);
    for (const document of found.slice(0, limit)) {
      const task = toTask(document, settings);
      if (!admit(task)) return page(true);
      tasks.push(task);
      position = [task.createTime, document.key];
    }
    if (found.length <= limit) return page(false);
    if (tasks.length === size) return page(true);
  }
}

export async function countTasks(
  store: DurableStore,
  filter: TaskFilter,
  signal?: AbortSignal,
): Promise<TaskCounts> {
  const v = filter.violations ?? new Violations();
  checkFilter(v, filter);
  v.throwIfAny();
  const found = await Promise.all(
    filtersOf(filter).map((filters) => store.countBy(TASKS.name, filters, "state", signal)),
  );
  const counts = statesOf(filter).map((state) => ({
    state,
    count: found.reduce((sum, counted) => sum + (counted.get(state) ?? 0), 0),
  }));
  return { counts, total: counts.reduce((sum, { count }) => sum + count, 0) };
}

/** All tasks, for whoever looks after the service. */
export async function countTasksByState(
  store: DurableStore,
  signal?: AbortSignal,
): Promise<ReadonlyMap<TaskState, number>> {
  const found = await store.countBy(TASKS.name, [{ field: "live", equals: true }], "state", signal);
  return new Map(TASK_STATES.map((state) => [state, found.get(state) ?? 0]));
}

export function checkFilter(v: Violations, filter: TaskFilter): void {
  checkName(v, "kind", filter.kind, { optional: true });
  checkName(v, "group", filter.group, { optional: true });
}

/** All of them when none was named. */
function statesOf({ states }: TaskFilter): readonly TaskState[] {
  return states.length === 0 ? TASK_STATES : TASK_STATES.filter((state) => states.includes(state));
}

/** What matches one of the alternatives, in one order. */
export async function findNewestFirst(
  store: DurableStore,
  query: NewestFirst,
  which: readonly Alternative[],
  signal?: AbortSignal,
): Promise<readonly Document[]> {
  const found = await Promise.all(
    which.map((filters) =>
      store.find({ ...query, collection: TASKS.name, filters, order: NEWEST_FIRST }, signal),
    ),
  );
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  return found.flat().sort(newerFirst).slice(0, query.limit);
}

export type NewestFirst = Pick<Query, "after" | "limit" | "omit">;

/** As NEWEST_FIRST says; keys are ASCII. */
function newerFirst(a: Document, b: Document): number {
  return Number(b.create_time) - Number(a.create_time) || (a.key < b.key ? 1 : -1);
}

function queryOf(input: ListInput, after: Position | undefined, limit: number): NewestFirst {
  return {
    ...(after === undefined ? {} : { after }),
    limit,
    ...(input.view === "full" ? {} : { omit: ["data"] }),
  };
}

/** Alternatives that no task matches twice; none when there is nothing that the caller may see. */
export function filtersOf(filter: TaskFilter): readonly Alternative[] {
  const states = statesOf(filter);
  const common = [
    { field: "live", equals: true },
    ...equals("group", filter.group),
    ...(states.length === TASK_STATES.length ? [] : [oneOf("state", states)]),
    ...range("create_time", filter.createdAfter, filter.createdBefore),
    ...range("update_time", filter.updatedAfter, filter.updatedBefore),
  ];
  return kindsOf(filter).map((kinds) => [...kinds, ...common]);
}

/** Which of the kinds; `kind` empty = all that are visible. */
export function kindsOf({ kind, visible }: Pick<TaskFilter, "kind" | "visible">): readonly Alternative[] {
  if (kind === "") return visible === undefined ? [[]] : alternatives("kind", visible);
  return visible === undefined || visible.has(kind) ? [equals("kind", kind)] : [];
}

function equals(field: string, value: string): readonly Filter[] {
  return value === "" ? [] : [{ field, equals: value }];
}

/** One value as an equality, which an index can serve in the list's order. */
function oneOf(field: string, values: readonly Scalar[]): Filter {
  const [first, ...others] = values;
  return first !== undefined && others.length === 0 ? { field, equals: first } : { field, in: values };
}

function range(field: string, from: number | undefined, below: number | undefined): readonly Filter[] {
  if (from === undefined && below === undefined) return [];
  return [{ field, ...(from === undefined ? {} : { from }), ...(below === undefined ? {} : { below }) }];
}

/** All that decides what the list holds; a page token is good for nothing else. */
function filterJson(filter: TaskFilter): Json {
  return {
    list: "tasks",
    kind: filter.kind,
    group: filter.group,
    states: statesOf(filter),
    created: [filter.createdAfter ?? null, filter.createdBefore ?? null],
    updated: [filter.updatedAfter ?? null, filter.updatedBefore ?? null],
  };
}

function readPosition(position: Json | undefined): Position | undefined {
  if (position === undefined) return undefined;
  const [createTime, key, ...rest] = Array.isArray(position) ? (position as readonly Json[]) : [];
  if (!Number.isSafeInteger(createTime) || typeof key !== "string" || rest.length > 0) throw badPageToken();
  return [Number(createTime), key];
}
