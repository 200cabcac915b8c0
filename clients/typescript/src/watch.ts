/** A watch of tasks that goes on by itself, wherever its stream was cut off. */
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { type TaskService, WatchEventType, type WatchTasksResponse } from "../../../gen/dbconn/v1/task_pb.ts";
import { failureOf } from "./failure.ts";
import { type Pauses, pauseMs } from "./pause.ts";

/** One task by kind and taskId (every revision), or a kind, a group, or both (the latest revision of each). */
export interface WatchQuestion {
  readonly kind?: string;
  readonly taskId?: string;
  readonly group?: string;
}

export interface WatchOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Where to go on: the `resumeToken` of the last event of an earlier watch of the same. */
  readonly resumeToken?: string;
  /** Heartbeats, too: each says that nothing is left to tell for now. Default false. */
  readonly heartbeats?: boolean;
  /** Told each time the stream was cut off, before it is begun again. */
  readonly onCut?: (reason: ConnectError) => void;
}

/** A stream without even a heartbeat for this long is dead: the service sends one every 15 s. */
const SILENCE_MS = 45_000;
/** Tasks whose last revision is remembered, since a resumed watch of many may tell it again. */
const REMEMBERED = 100_000;

/** To ask again would bring the same answer. */
const FINAL: readonly Code[] = [
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.Unimplemented,
  Code.FailedPrecondition,
];

/**
 * Ends by the signal, quietly; or by an error that to resume would not cure, such as NOT_FOUND for one task that is not
 * there. No event is missed, none comes twice, and revisions of a task never go back.
 */
export async function* watchTasks(
  tasks: Pick<Client<typeof TaskService>, "watchTasks">,
  question: WatchQuestion,
  { signal, resumeToken = "", heartbeats = false, onCut }: WatchOptions,
  { sleep, random }: Pauses,
): AsyncGenerator<WatchTasksResponse, void, undefined> {
  const told = new Told();
  let token = resumeToken;
  for (let failures = 0; signal?.aborted !== true; ) {
    const silence = new AbortController();
    const dead = () => silence.abort(new ConnectError("the stream fell silent", Code.Unavailable));
    let timer = setTimeout(dead, SILENCE_MS);
    const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    try {
      for await (const event of tasks.watchTasks({ ...question, resumeToken: token }, { signal: either })) {
        clearTimeout(timer);
        failures = 0;
        token = event.resumeToken;
        if (event.type === WatchEventType.HEARTBEAT ? heartbeats : told.isNew(event)) yield event;
        timer = setTimeout(dead, SILENCE_MS);
      }
      throw new ConnectError("the stream ended", Code.Unavailable);
    } catch (error) {
      if (signal?.aborted) return;
      const failure = failureOf(error);
      if (FINAL.includes(failure.code)) throw error;
      onCut?.(ConnectError.from(error));
      failures++;
      await sleep(pauseMs(failures, failure.retryAfterMs, random), signal).catch(() => undefined);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What was told of each task last. */
class Told {
  readonly #last = new Map<string, string>();

  isNew({ task }: WatchTasksResponse): boolean {
    if (task === undefined) return false;
    const key = `${task.kind}/${task.taskId}`;
    // The etag tells a task from one that was purged and made anew up to the same revision.
    const version = `${task.revision} ${task.etag}`;
    if (this.#last.get(key) === version) return false;
    this.#last.delete(key);
    this.#last.set(key, version);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= REMEMBERED) break;
      this.#last.delete(oldest);
    }
    return true;
  }
}
