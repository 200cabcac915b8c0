/** LeaseEntry: of all who want an absent entry, one makes it while the others wait or take the stale value. */
import type { EntryName } from "../../ports/cache-store.ts";
import { Violations } from "../validation.ts";
import { checkName } from "./checks.ts";
import type { CacheContext } from "./context.ts";
import { type CacheEntry, countReads, entryOf } from "./entries.ts";

export interface LeaseRequest extends EntryName {
  /** Milliseconds; undefined = 10 s, NaN when it was no duration. */
  readonly leaseMs: number | undefined;
  /** Milliseconds; undefined = 2 s, NaN when it was no duration. */
  readonly waitMs: number | undefined;
}

/** `leaseExpireTime` is in milliseconds since the epoch. */
export type Leased =
  | { readonly outcome: "hit"; readonly entry: CacheEntry }
  | { readonly outcome: "stale"; readonly entry: CacheEntry; readonly leaseExpireTime: number }
  | {
      readonly outcome: "granted";
      readonly token: string;
      /** The stale value, where there is one. */
      readonly entry: CacheEntry | undefined;
      readonly leaseExpireTime: number;
    }
  | { readonly outcome: "wait"; readonly retryAfterMs: number; readonly leaseExpireTime: number };

const DEFAULT_LEASE_MS = 10_000;
const MAX_LEASE_MS = 5 * 60_000;
const DEFAULT_WAIT_MS = 2_000;
const MAX_WAIT_MS = 30_000;
/** A fill by way of another instance is seen by asking again: soon at first, for most values are quick to make. */
const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 250;
const MAX_RETRY_AFTER_MS = 1_000;

export async function leaseEntry(
  cache: CacheContext,
  request: LeaseRequest,
  signal?: AbortSignal,
): Promise<Leased> {
  const v = new Violations();
  const name = checkName(v, request);
  const { leaseMs = DEFAULT_LEASE_MS, waitMs = DEFAULT_WAIT_MS } = request;
  v.check(leaseMs > 0 && leaseMs <= MAX_LEASE_MS, "lease_ttl", "must be more than 0 and at most 5 min");
  v.check(waitMs >= 0 && waitMs <= MAX_WAIT_MS, "wait", "must be 0 to 30 s");
  v.throwIfAny();
  const asked = { token: cache.ids.random(), leaseMs: Math.ceil(leaseMs) };
  const until = cache.timing.monotonic() + waitMs;
  const pause = new Pause(cache);
  const stop = cache.fills.listen(name, () => pause.end());
  try {
    for (;;) {
      pause.begin();
      const leased = await cache.store.lease(cache.generation.current(), name, asked, signal);
      const leftMs = until - cache.timing.monotonic();
      if (leased.outcome !== "busy" || leased.stale !== undefined || leftMs <= 0) {
        return answer(cache, name, asked, leased);
      }
      await pause.over(Math.min(leftMs, leased.leftMs), signal);
    }
  } finally {
    stop();
  }
}

function answer(
  cache: CacheContext,
  name: EntryName,
  asked: { readonly token: string; readonly leaseMs: number },
  leased: Awaited<ReturnType<CacheContext["store"]["lease"]>>,
): Leased {
  countReads(cache, [leased.outcome === "hit" ? leased.entry : undefined]);
  if (leased.outcome === "hit") return { outcome: "hit", entry: entryOf(cache, name, leased.entry) };
  const entry = leased.stale === undefined ? undefined : entryOf(cache, name, leased.stale);
  const now = cache.clock.now();
  if (leased.outcome === "granted") {
    return { outcome: "granted", token: asked.token, entry, leaseExpireTime: now + asked.leaseMs };
  }
  const leaseExpireTime = now + leased.leftMs;
  if (entry !== undefined) return { outcome: "stale", entry, leaseExpireTime };
  return { outcome: "wait", retryAfterMs: Math.min(leased.leftMs, MAX_RETRY_AFTER_MS), leaseExpireTime };
}

/** The time between two looks: longer from one to the next, and over at once when this process knows of a change. */
class Pause {
  readonly #cache: CacheContext;
  #nextMs = FIRST_PAUSE_MS;
  #ended = new AbortController();

  constructor(cache: CacheContext) {
    this.#cache = cache;
  }

  /** Before the look: what changes from here on must not be slept through. */
  begin(): void {
    this.#ended = new AbortController();
  }

  end(): void {
    this.#ended.abort();
  }

  /** `signal` ends it early, too; the next look then fails by it. */
  async over(mostMs: number, signal: AbortSignal | undefined): Promise<void> {
    const ended = signal === undefined ? this.#ended.signal : AbortSignal.any([this.#ended.signal, signal]);
    // At odd times, so that many who wait do not ask in step.
    const ms = this.#nextMs * (0.5 + this.#cache.chance());
    this.#nextMs = Math.min(2 * this.#nextMs, LAST_PAUSE_MS);
    await this.#cache.timing.sleep(Math.min(ms, mostMs), ended);
  }
}
