/**
 * The document that all instances agree through: which namespace of the hot store is in force, and how it may
 * be used. It lives in the durable store and changes only by conditional updates on its number and mode.
 */
import { isObject } from "../json.ts";
import type { CollectionSpec, Condition, Document, Update } from "../ports/durable-store.ts";

/**
 * CACHED -> BYPASSING -> BYPASSED -> OPENING -> CACHED, and OPENING -> BYPASSED when the hot store goes again.
 * Every OPENING takes a new number, so that a namespace that was left is never entered again.
 */
export type GenerationMode = "cached" | "bypassing" | "bypassed" | "opening";

/** What one process says of itself. */
export interface InstanceReport {
  /** Grows with every renewal: one that stands still is a process that is gone or paused. */
  readonly beat: number;
  /** Whether it reaches the hot store. */
  readonly hot: boolean;
}

export interface GenerationView {
  readonly number: number;
  readonly mode: GenerationMode;
  /** Of the hot store that the number belongs to. */
  readonly identity: string;
  readonly reason: string;
  readonly instances: ReadonlyMap<string, InstanceReport>;
}

export const CONTROL: CollectionSpec = { name: "control", fields: {}, indexes: [], heavy: [] };
export const GENERATION_KEY = "generation";

export function readView(document: Document): GenerationView {
  const instances = new Map<string, InstanceReport>();
  if (isObject(document.instances)) {
    for (const [id, report] of Object.entries(document.instances)) {
      if (isObject(report)) instances.set(id, { beat: Number(report.beat), hot: report.hot === true });
    }
  }
  return {
    number: Number(document.number),
    mode: document.mode as GenerationMode,
    identity: String(document.identity),
    reason: String(document.reason),
    instances,
  };
}

function update(conditions: readonly Condition[], change: Update["change"]): Update {
  return { collection: CONTROL.name, key: GENERATION_KEY, conditions, change, ifAbsent: "refuse" };
}

/** Says that the instance lives; the answer shows the mode at that very moment. */
export function renewal(instance: string, report: InstanceReport): Update {
  return update([], { set: [[["instances", instance], { ...report }]] });
}

/**
 * The first document of a deployment. The number starts at the wall clock's milliseconds, so that a durable store
 * that was wiped does not come upon the namespaces that its hot store still holds.
 */
export function creation(
  now: number,
  identity: string | undefined,
  instance: string,
  report: InstanceReport,
): Update {
  return {
    collection: CONTROL.name,
    key: GENERATION_KEY,
    // Nothing that is there has number 0: whoever comes second is refused and reads what the first one made.
    conditions: [{ path: ["number"], test: "equals", value: 0 }],
    change: {
      set: [
        [["number"], now],
        [["mode"], identity === undefined ? "bypassed" : "cached"],
        [["identity"], identity ?? ""],
        [["reason"], identity === undefined ? "the hot store was away at the first start" : ""],
        [["instances", instance], { ...report }],
      ],
    },
    ifAbsent: "insert",
  };
}

/** A step to another mode, taken only from the very state that was seen. */
export function transition(
  from: GenerationView,
  to: {
    readonly mode: GenerationMode;
    readonly number: number;
    readonly identity: string;
    readonly reason: string;
  },
): Update {
  return update(
    [
      { path: ["number"], test: "equals", value: from.number },
      { path: ["mode"], test: "equals", value: from.mode },
    ],
    {
      set: [
        [["mode"], to.mode],
        [["number"], to.number],
        [["identity"], to.identity],
        [["reason"], to.reason],
      ],
    },
  );
}

/** Takes a process off the list, unless it has shown life since. */
export function removal(instance: string, beat: number): Update {
  return update([{ path: ["instances", instance, "beat"], test: "equals", value: beat }], {
    unset: [["instances", instance]],
  });
}
