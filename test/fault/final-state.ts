// What is left when the faults are over: every task's history, what strong and fast reads of every instance show, what
// Redis holds, and what lists show.
import { setTimeout as delay } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { Consistency } from "../../gen/dbconn/v1/common_pb.ts";
import { type TaskEvent, TaskEventType, TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import type { History, HotState, Revision, Violation } from "../support/history/operation.ts";
import type { Instance } from "./instance.ts";
import type { Recorder } from "./recorder.ts";
import type { World } from "./world.ts";

export interface FinalState {
  readonly final: ReadonlyMap<string, readonly Revision[]>;
  readonly deletions: ReadonlyMap<string, readonly Revision[]>;
  readonly hot: readonly HotState[];
  readonly lists: NonNullable<History["lists"]>;
  /** Merges that are in the history and not in the data. */
  readonly merges: readonly Violation[];
}

const DEADLINE_MS = 20_000;
const PAGE = 1000;
const FINAL_ATTEMPTS = 60;
const FINAL_PAUSE_MS = 500;

/** Reads everything through the instances; the reads become operations of the history, too. */
export async function readFinalState(
  world: World,
  recorder: Recorder,
  kind: string,
  keys: readonly string[],
): Promise<FinalState> {
  const final = new Map<string, readonly Revision[]>();
  const deletions = new Map<string, readonly Revision[]>();
  const merges: Violation[] = [];
  const live: string[] = [];
  for (const key of keys) {
    const events = await patiently(() => allEvents(world.victim, kind, key));
    final.set(key, revisionsOf(events));
    const removals = events.filter(({ type }) => type === TaskEventType.DELETED);
    deletions.set(key, revisionsOf(removals));
    for (const instance of world.instances) {
      for (const consistency of ["strong", "fast"] as const) {
        const call = { client: "final", instance, kind, key, deadlineMs: DEADLINE_MS, consistency };
        await patiently(async () => {
          const { operation } = await recorder.read(call);
          if (operation.outcome === "failed") throw new Error(`${key} cannot be read: ${operation.reason}`);
        });
      }
    }
    const data = await patiently(() => dataOf(world.victim, kind, key));
    if (data === undefined) continue;
    live.push(key);
    merges.push(...missingMerges(key, events, data));
  }
  const hot = await hotStates(world, kind, final);
  return { final, deletions, hot, lists: await patiently(() => lists(world.victim, kind, live)), merges };
}

/**
 * On a machine that is busy with other things, a lease may run out though nothing is wrong: what is asked of a
 * service at rest is that it answers in the end.
 */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = FINAL_ATTEMPTS; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
      await delay(FINAL_PAUSE_MS);
    }
  }
}

export async function allEvents(
  instance: Pick<Instance, "tasks">,
  kind: string,
  key: string,
): Promise<readonly TaskEvent[]> {
  const events: TaskEvent[] = [];
  let pageToken = "";
  do {
    const page = await instance.tasks.listTaskEvents(
      { kind, taskId: key, pageSize: PAGE, pageToken },
      { timeoutMs: DEADLINE_MS },
    );
    events.push(...page.events);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return events;
}

/** A state that an event does not name stays as it was. */
export function revisionsOf(events: readonly TaskEvent[]): readonly Revision[] {
  let state: TaskState | undefined;
  return events.map((event) => {
    state = event.type === TaskEventType.DELETED ? undefined : (event.state ?? state);
    return {
      revision: Number(event.revision),
      value: event.requestId,
      requestId: event.requestId,
      ...(state === undefined ? {} : { state: String(state) }),
    };
  });
}

/** The clients' only transition beside staying where one is. */
export function isLegal(from: string, to: string): boolean {
  return from === String(TaskState.PENDING) && to === String(TaskState.PROCESSING);
}

async function dataOf(instance: Instance, kind: string, key: string): Promise<object | undefined> {
  const name = { kind, taskId: key };
  const { results } = await instance.tasks.batchGetTasks(
    { names: [name], consistency: Consistency.STRONG },
    { timeoutMs: DEADLINE_MS },
  );
  const result = results[0]?.result;
  if (result?.case === "task") return result.value.data;
  if (result?.value?.code !== Code.NotFound)
    throw new Error(`${key} cannot be read: ${result?.value?.message}`);
  return undefined;
}

/** Each client merges its own key: what stands there is its last write since the task was created. */
function missingMerges(key: string, events: readonly TaskEvent[], data: object): readonly Violation[] {
  const created = events.findLastIndex(({ type }) => type === TaskEventType.CREATED);
  const last = new Map(
    events.slice(created).map(({ requestId }) => [requestId.slice(0, requestId.indexOf("-")), requestId]),
  );
  return [...last].flatMap(([client, requestId]) => {
    const found: unknown = Reflect.get(data, client);
    if (found === requestId) return [];
    const message = `the data's ${client} is ${String(found)}, and its last merge was ${requestId}`;
    return [{ invariant: "T1", name: "lost_merge", key, message }] as const;
  });
}

/** The entries of the generation in force. */
async function hotStates(
  world: World,
  kind: string,
  final: ReadonlyMap<string, readonly Revision[]>,
): Promise<readonly HotState[]> {
  const { generation } = await patiently(() => world.victim.status.getStatus({}, { timeoutMs: DEADLINE_MS }));
  const redis = await world.connectToHot();
  if (redis === undefined) return [];
  try {
    const states: HotState[] = [];
    for (const [key, revisions] of final) {
      const entry = `dbc:${generation}:{task/${kind}/${key}}`;
      const [fields, ttlMs] = await Promise.all([redis.hGetAll(entry), redis.pTTL(entry)]);
      const durable = revisions.at(-1);
      if (Object.keys(fields).length === 0 || durable === undefined) continue;
      const lifetime = { key, ttlMs: ttlMs < 0 ? undefined : ttlMs };
      // Without a value the entry claims nothing; a tombstone's value names no message.
      if (fields.value === undefined)
        states.push({ ...lifetime, revision: durable.revision, value: durable.value });
      else
        states.push({
          ...lifetime,
          revision: Number(fields.revision),
          value: messageOf(fields.value) ?? durable.value,
        });
    }
    return states;
  } finally {
    redis.destroy();
  }
}

function messageOf(value: string): string | undefined {
  const document = JSON.parse(value) as { readonly message?: string; readonly live?: boolean };
  return document.live === false ? undefined : document.message;
}

async function lists(
  instance: Instance,
  kind: string,
  live: readonly string[],
): Promise<NonNullable<History["lists"]>> {
  const listed: string[] = [];
  let pageToken = "";
  do {
    const page = await instance.tasks.listTasks({ kind, pageToken }, { timeoutMs: DEADLINE_MS });
    listed.push(...page.tasks.map(({ taskId }) => taskId));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  const { total } = await instance.tasks.countTasks({ kind }, { timeoutMs: DEADLINE_MS });
  return [
    { name: "ListTasks", listed, counted: live },
    { name: "CountTasks", listed: [String(total)], counted: [String(live.length)] },
  ];
}
