/**
 * The hot entry as a state machine: each operation of the port as a pure function from the entry (undefined when
 * there is none) to the next entry and the answer. The Redis adapter says the same in Lua.
 */
import type { GetOrLease, Hit, Versioned } from "../../ports/hot-store.ts";

export interface HotEntry {
  readonly value: string | undefined;
  /** The revision that `value` is; means nothing without one. */
  readonly revision: number;
  readonly floor: number;
  readonly lease: { readonly token: string; readonly until: number } | undefined;
  /** When the whole entry goes, value, floor and lease together. Milliseconds of the store's clock. */
  readonly expiresAt: number;
}

export interface Step<Answer> {
  /** What the entry becomes; undefined leaves it as it is. */
  readonly entry: HotEntry | undefined;
  readonly answer: Answer;
}

/** An entry without a value keeps its floor for this long, or for as long as its lease lives. */
export const VALUELESS_MS = 60_000;

const NOTHING: HotEntry = { value: undefined, revision: 0, floor: 0, lease: undefined, expiresAt: 0 };

export function peek(entry: HotEntry | undefined, minRevision: number, now: number): Hit | undefined {
  if (entry?.value === undefined || entry.revision < Math.max(entry.floor, minRevision)) return undefined;
  return { kind: "hit", value: entry.value, revision: entry.revision, ttlMs: entry.expiresAt - now };
}

export function getOrLease(
  entry: HotEntry | undefined,
  request: { readonly minRevision: number; readonly token: string; readonly leaseMs: number },
  now: number,
): Step<GetOrLease> {
  const hit = peek(entry, request.minRevision, now);
  if (hit !== undefined) return { entry: undefined, answer: hit };
  const before = entry ?? NOTHING;
  // The holder itself may ask again: its first answer was lost, and it has read nothing yet.
  if (isLive(before, now) && before.lease?.token !== request.token) {
    return { entry: undefined, answer: { kind: "busy" } };
  }
  const lease = { token: request.token, until: now + request.leaseMs };
  return { entry: withLifetime({ ...before, lease }, now), answer: { kind: "leased" } };
}

export function fill(
  entry: HotEntry | undefined,
  token: string,
  versioned: { readonly value: string | undefined; readonly revision: number; readonly ttlMs: number },
  now: number,
): Step<"stored" | "refused"> {
  const before = entry ?? NOTHING;
  const { value, revision, ttlMs } = versioned;
  const accepted = isLive(before, now) && before.lease?.token === token && revision >= before.floor;
  const raised = { ...raiseFloor(before, revision), lease: undefined };
  if (!accepted) return { entry: withLifetime(raised, now), answer: "refused" };
  return {
    entry: value === undefined ? withLifetime(raised, now) : install(raised, value, revision, now + ttlMs),
    answer: "stored",
  };
}

export function confirm(entry: HotEntry | undefined, versioned: Versioned, now: number): Step<void> {
  const before = entry ?? NOTHING;
  const { value, revision, ttlMs } = versioned;
  const replaces = before.value !== undefined && before.revision < revision;
  const raised = { ...raiseFloor(before, revision), lease: undefined };
  return {
    entry: replaces ? install(raised, value, revision, now + ttlMs) : withLifetime(raised, now),
    answer: undefined,
  };
}

export function raise(entry: HotEntry | undefined, revision: number, now: number): Step<void> {
  return { entry: withLifetime(raiseFloor(entry ?? NOTHING, revision), now), answer: undefined };
}

function isLive(entry: HotEntry, now: number): boolean {
  return entry.lease !== undefined && now < entry.lease.until;
}

function raiseFloor(entry: HotEntry, revision: number): HotEntry {
  const lower = entry.revision < revision;
  return {
    ...entry,
    floor: Math.max(entry.floor, revision),
    ...(lower ? { value: undefined, revision: 0 } : {}),
  };
}

function install(entry: HotEntry, value: string, revision: number, expiresAt: number): HotEntry {
  return { ...entry, value, revision, expiresAt };
}

/** A value keeps the lifetime that it was stored with; without one, the entry lives on for its floor and lease. */
function withLifetime(entry: HotEntry, now: number): HotEntry {
  if (entry.value !== undefined) return entry;
  return { ...entry, expiresAt: Math.max(now + VALUELESS_MS, entry.lease?.until ?? 0) };
}
