// Reading a watch in a test: one item at a time, or until something is seen.
import { onTestFinished } from "vitest";
import type { WatchItem } from "../../../src/domain/tasks/watch-context.ts";
import type { TaskWatches, WatchInput } from "../../../src/domain/tasks/watches.ts";

export interface Watcher {
  /** The next item, heartbeats too. */
  next(): Promise<WatchItem>;
  /** The next item that is no heartbeat. */
  news(): Promise<WatchItem>;
  /** Reads up to the first item that is accepted; answers all that was read. */
  until(accept: (item: WatchItem) => boolean): Promise<readonly WatchItem[]>;
  cut(): Promise<void>;
}

export function watch(watches: TaskWatches, input: Partial<WatchInput>): Watcher {
  const call = new AbortController();
  const all = { kind: "", taskId: "", group: "", resumeToken: "", ...input };
  const items = watches.watch(all, call.signal);
  const cut = async () => {
    call.abort();
    await items.return(undefined);
  };
  onTestFinished(cut);
  const next = async () => {
    const step = await items.next();
    if (step.done === true) throw new Error("the watch came to its end");
    return step.value;
  };
  const until = async (accept: (item: WatchItem) => boolean) => {
    const read: WatchItem[] = [];
    for (;;) {
      const item = await next();
      read.push(item);
      if (accept(item)) return read;
    }
  };
  return {
    next,
    until,
    cut,
    news: async () => {
      for (;;) {
        const item = await next();
        if (item.type !== "HEARTBEAT") return item;
      }
    },
  };
}

export const isHeartbeat = ({ type }: WatchItem): boolean => type === "HEARTBEAT";

/** What an item says of which task: `CHANGED t1@3 PROCESSING`. */
export function told(item: WatchItem): string {
  if (item.type === "HEARTBEAT") return item.type;
  if (item.type === "DELETED") return `DELETED ${item.deleted.taskId}@${item.deleted.revision}`;
  return `${item.type} ${item.task.taskId}@${item.task.revision} ${item.task.state}`;
}
