// The audit trail is the order of all changes of a schema. Replayed from the beginning it gives the schema at every
// revision; what cannot be replayed is wrong.
import type { Invariant, Violation } from "../operation.ts";
import type { FinalSchema, SchemaHistory, SchemaOperation, TrailEvent } from "./operation.ts";

/** A schema at one revision. */
export interface SchemaState {
  readonly revision: number;
  /** Neither never made nor purged. */
  readonly live: boolean;
  readonly deleted: boolean;
  /** Content by number; undefined where no client that was heard of published it. */
  readonly releases: ReadonlyMap<number, string | undefined>;
  readonly active: number;
  readonly latest: number;
  /** Undefined = cannot tell. */
  readonly mode: string | undefined;
}

export const NEVER_MADE: SchemaState = {
  revision: 0,
  live: false,
  deleted: false,
  releases: new Map(),
  active: 0,
  latest: 0,
  mode: undefined,
};

export interface Trail {
  /** By revision: the first is of revision 0. */
  readonly states: readonly SchemaState[];
  readonly violations: readonly Violation[];
}

type Report = (invariant: Invariant, name: string, message: string) => void;

/** `writes`: of this schema, by request id. */
export function replayTrail(
  { name, events }: FinalSchema,
  writes: ReadonlyMap<string, readonly SchemaOperation[]>,
  mayFollow: SchemaHistory["mayFollow"],
): Trail {
  const violations: Violation[] = [];
  const states: SchemaState[] = [NEVER_MADE];
  const seen = new Set<string>();
  let state = NEVER_MADE;
  for (const event of events) {
    const report: Report = (invariant, what, message) => {
      violations.push({
        invariant,
        name: what,
        key: name,
        message: `revision ${event.revision}, ${event.type}: ${message}`,
      });
    };
    if (event.revision !== state.revision + 1) report("T2", "gap", `follows revision ${state.revision}`);
    if (event.requestId !== "" && seen.has(event.requestId)) {
      report("T1", "twice", `request ${event.requestId} took effect before`);
    }
    seen.add(event.requestId);
    const maker = writes.get(event.requestId)?.[0];
    if (maker !== undefined) checkMaker(event, maker, report);
    const before = state;
    state = { ...after(before, event, maker, mayFollow, report), revision: before.revision + 1 };
    if (state.live && !state.releases.has(state.active)) {
      report("S5", "dangling", `the active release ${state.active} is not there`);
    }
    states.push(state);
  }
  return { states, violations };
}

const METHODS: Readonly<Record<TrailEvent["type"], readonly SchemaOperation["call"]["method"][]>> = {
  PUBLISHED: ["publish"],
  REVERTED: ["revert"],
  RELEASE_DELETED: ["delete_release"],
  UPDATED: ["update"],
  DELETED: ["delete", "delete_release"],
  RESTORED: ["undelete"],
  PURGED: ["purge"],
};

/** A1. */
function checkMaker(event: TrailEvent, { call, actor, note }: SchemaOperation, report: Report): void {
  if (!METHODS[event.type].includes(call.method))
    report("A1", "other_deed", `the request was to ${call.method}`);
  if (event.actor !== (actor ?? "")) report("A1", "other_actor", `${event.actor} instead of ${actor}`);
  if (event.note !== (note ?? "")) report("A1", "other_note", `${event.note} instead of ${note}`);
  if ("release" in call && event.type !== "DELETED" && event.release !== call.release) {
    report("A1", "other_release", `release ${event.release} instead of ${call.release}`);
  }
}

function after(
  before: SchemaState,
  event: TrailEvent,
  maker: SchemaOperation | undefined,
  mayFollow: SchemaHistory["mayFollow"],
  report: Report,
): SchemaState {
  const expect = (holds: boolean, invariant: Invariant, name: string, message: string) => {
    if (!holds) report(invariant, name, message);
  };
  if (event.type !== "PUBLISHED") expect(before.live, "A1", "out_of_order", "there is no schema");
  const wantsDeleted = event.type === "RESTORED" || event.type === "PURGED";
  expect(before.deleted === wantsDeleted, "A1", "out_of_order", `deleted is ${before.deleted}`);
  const stays = () =>
    expect(
      event.active === before.active,
      "S5",
      "moved",
      `the pointer went from ${before.active} to ${event.active}`,
    );
  switch (event.type) {
    case "PUBLISHED":
      return published(before, event, maker, mayFollow, report);
    case "REVERTED":
      expect(
        event.active === event.release,
        "S5",
        "moved",
        `${event.active} is active instead of ${event.release}`,
      );
      return { ...before, active: event.active };
    case "RELEASE_DELETED":
      return releaseDeleted(before, event, report);
    case "UPDATED": {
      stays();
      if (maker === undefined) return { ...before, mode: undefined };
      return maker.call.method === "update" && maker.call.mode !== undefined
        ? { ...before, mode: maker.call.mode }
        : before;
    }
    case "DELETED":
      stays();
      return { ...before, deleted: true };
    case "RESTORED":
      stays();
      return { ...before, deleted: false };
    case "PURGED":
      return { ...NEVER_MADE, latest: before.latest };
  }
}

/** S2, S3 and S4. */
function published(
  before: SchemaState,
  event: TrailEvent,
  maker: SchemaOperation | undefined,
  mayFollow: SchemaHistory["mayFollow"],
  report: Report,
): SchemaState {
  const call = maker?.call.method === "publish" ? maker.call : undefined;
  const content = call?.content;
  if (event.release !== before.latest + 1) {
    report("S2", "number", `release ${event.release} after ${before.latest}`);
  }
  if (event.active !== event.release) report("S5", "moved", `${event.active} is active instead of it`);
  const mode = before.live ? before.mode : call && (call.mode ?? "NONE");
  if (before.live && content !== undefined) {
    if (before.releases.get(before.active) === content) {
      report("S3", "same_content", `has the content of release ${before.active}, which was active`);
    }
    for (const [number, older] of guardians(before)) {
      if (mode === undefined || older === undefined || mayFollow?.(mode, older, content) !== false) continue;
      report("S4", "incompatible", `${mode} does not allow it after release ${number}`);
    }
  }
  return {
    ...before,
    live: true,
    mode,
    active: event.active,
    latest: event.release,
    releases: new Map([...before.releases, [event.release, content]]),
  };
}

function guardians({
  mode,
  releases,
  active,
}: SchemaState): readonly (readonly [number, string | undefined])[] {
  if (mode === undefined || mode === "NONE") return [];
  return mode.endsWith("_TRANSITIVE") ? [...releases] : [[active, releases.get(active)]];
}

/** S5: the highest below takes its place, else the highest. */
function releaseDeleted(before: SchemaState, event: TrailEvent, report: Report): SchemaState {
  if (!before.releases.has(event.release)) report("S5", "dangling", `release ${event.release} was not there`);
  const releases = new Map([...before.releases].filter(([number]) => number !== event.release));
  const numbers = [...releases.keys()];
  const heir = numbers.findLast((number) => number < event.release) ?? numbers.at(-1);
  const active = before.active === event.release ? heir : before.active;
  if (event.active !== active) report("S5", "moved", `${event.active} is active instead of ${active}`);
  return { ...before, releases, active: event.active };
}
