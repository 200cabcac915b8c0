// Every answer against the trail: what it shows was so at one moment between its call's start and its end, and those
// moments are in the order of the calls. The trail orders the changes, so the earliest moment that is left for each
// call is the right one to take, and the search of the general case is not needed.
import type { Invariant, Violation } from "../operation.ts";
import type { SchemaAnswer, SchemaOperation, TrailEvent } from "./operation.ts";
import type { SchemaState } from "./trail.ts";

type Ok = Extract<SchemaAnswer, { outcome: "ok" }>;

export function checkAnswers(
  name: string,
  operations: readonly SchemaOperation[],
  events: readonly TrailEvent[],
  states: readonly SchemaState[],
): readonly Violation[] {
  const violations: Violation[] = [];
  const contents = contentsOf(states);
  const begun = beginnings(operations, events);
  let ended: readonly { readonly end: number; readonly revision: number }[] = [];
  let least = 0;
  for (const operation of operations.toSorted((a, b) => a.start - b.start)) {
    const report = (invariant: Invariant, what: string, message: string) => {
      violations.push({ invariant, name: what, key: name, message: `${describe(operation)}: ${message}` });
    };
    const { answer, start, end } = operation;
    const [before, others] = split(ended, (o) => o.end < start);
    least = Math.max(least, ...before.map(({ revision }) => revision));
    ended = others;
    if (answer === undefined || end === undefined) continue;
    if (answer.outcome === "ok") checkContent(answer, contents, report);
    if (answer.outcome === "ok" && answer.degraded) continue;
    if (isDangling(operation, answer)) report("S5", "dangling", "there was no active release");
    const isSo = claimOf(operation, answer, events);
    if (isSo === undefined) continue;
    const found = states.find((state) => state.revision >= least && isSo(state));
    if (found === undefined) {
      const earlier = states.findLast(isSo);
      if (earlier === undefined) report("S5", "phantom", `shows what never was: ${JSON.stringify(answer)}`);
      else report("S5", "stale", `shows revision ${earlier.revision}, after ${least} had been shown`);
      continue;
    }
    if ((begun[found.revision] ?? 0) > end) {
      report("S5", "early", `shows revision ${found.revision} before anybody asked for it`);
    }
    ended = [...ended, { end, revision: found.revision }];
  }
  return violations;
}

function split<T>(items: readonly T[], isFirst: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

type Report = (invariant: Invariant, name: string, message: string) => void;

/** Content by release, for numbers are never used again. */
function contentsOf(states: readonly SchemaState[]): ReadonlyMap<number, string> {
  const all = states.flatMap(({ releases }) => [...releases]);
  return new Map(all.flatMap(([number, content]) => (content === undefined ? [] : [[number, content]])));
}

/** By revision: before that moment it cannot have been there. */
function beginnings(
  operations: readonly SchemaOperation[],
  events: readonly TrailEvent[],
): readonly number[] {
  const starts = new Map<string, number>();
  for (const { requestId, start } of operations) {
    if (requestId !== undefined) starts.set(requestId, Math.min(start, starts.get(requestId) ?? start));
  }
  let latest = 0;
  return [0, ...events.map(({ requestId }) => (latest = Math.max(latest, starts.get(requestId) ?? 0)))];
}

/** S1. */
function checkContent({ release }: Ok, contents: ReadonlyMap<number, string>, report: Report): void {
  if (release === undefined) return;
  const published = contents.get(release.number);
  if (published !== undefined && published !== release.content) {
    report(
      "S1",
      "changed",
      `shows release ${release.number} as ${release.content}, it was published as ${published}`,
    );
  }
}

function isDangling({ call }: SchemaOperation, answer: SchemaAnswer): boolean {
  if (answer.outcome !== "failed" || answer.reason !== "RELEASE_NOT_FOUND") return false;
  return call.method === "publish" || (call.method === "get_release" && call.release === 0);
}

/** What an answer says of the schema at its moment; undefined = nothing. */
function claimOf(
  { call, requestId }: SchemaOperation,
  answer: SchemaAnswer,
  events: readonly TrailEvent[],
): ((state: SchemaState) => boolean) | undefined {
  if (answer.outcome === "failed") return refusalOf(call, answer.reason);
  const { schema, release, appliedRevision = 0, replayed } = answer;
  const isShown = (state: SchemaState): boolean =>
    schema === undefined ||
    (state.live &&
      state.revision === schema.revision &&
      state.active === schema.active &&
      state.latest === schema.latest &&
      state.releases.size === schema.count);
  switch (call.method) {
    case "get_schema":
      return isShown;
    case "get_release":
      return (state) =>
        isUsable(state) &&
        release !== undefined &&
        state.releases.has(release.number) &&
        (call.release === 0 ? state.active === release.number : call.release === release.number);
    case "publish":
      if (appliedRevision > 0) break;
      return (state) => isUsable(state) && isShown(state) && isActive(state, call.content);
    default:
      break;
  }
  if (replayed) return isShown;
  if (appliedRevision === 0) return isShown;
  const made = events[appliedRevision - 1];
  const isMine = made !== undefined && made.requestId === (requestId ?? made.requestId);
  return (state) => isMine && state.revision === appliedRevision && isShown(state);
}

function isUsable({ live, deleted }: SchemaState): boolean {
  return live && !deleted;
}

/** A release of a client that was never heard of may have any content. */
function isActive({ releases, active }: SchemaState, content: string): boolean {
  return (releases.get(active) ?? content) === content;
}

function refusalOf(
  call: SchemaOperation["call"],
  reason: string,
): ((state: SchemaState) => boolean) | undefined {
  switch (reason) {
    case "SCHEMA_NOT_FOUND":
      return ({ live }) => !live;
    case "SCHEMA_DELETED":
      return ({ live, deleted }) => live && deleted;
    case "SCHEMA_NOT_DELETED":
      return isUsable;
    case "ONLY_RELEASE":
      return (state) => isUsable(state) && state.releases.size === 1;
    case "RELEASE_NOT_FOUND":
      return "release" in call && call.release !== 0
        ? (state) => isUsable(state) && !state.releases.has(call.release)
        : undefined;
    default:
      return undefined;
  }
}

export function describe({ client, call, start, end }: SchemaOperation): string {
  return `${client}'s ${JSON.stringify(call)} [${start}, ${end ?? "never"}]`;
}
