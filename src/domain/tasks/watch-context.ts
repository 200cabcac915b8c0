import type { Feed } from "../../consistency/feed.ts";
import type { Objects } from "../../consistency/objects.ts";
import type { Timing } from "../../consistency/timing.ts";
import type { DurableStore } from "../../ports/durable-store.ts";
import type { TaskSettings } from "./policy.ts";
import type { Task, TaskName } from "./task.ts";

/** What everything that waits for changes is made with. */
export interface WatchContext {
  /** Over the collection of TASK_OBJECTS, as are the others. */
  readonly objects: Objects;
  readonly store: DurableStore;
  readonly feed: Feed;
  readonly settings: TaskSettings;
  readonly timing: Timing;
  /** Milliseconds of silence after which a watch says that it is alive. */
  readonly heartbeatMs: number;
}

/** `asOf`: milliseconds since the epoch. A token stands for the place after its item. */
export type WatchItem = { readonly asOf: number; readonly resumeToken: string } & (
  | { readonly type: "SNAPSHOT" | "CHANGED"; readonly task: Task }
  | { readonly type: "DELETED"; readonly deleted: TaskName & { readonly revision: number } }
  | { readonly type: "HEARTBEAT" }
);
