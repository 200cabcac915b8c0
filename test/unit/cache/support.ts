import { MemoryCacheStore } from "../../../src/adapters/memory/cache.ts";
import { Broadcast } from "../../../src/consistency/signal.ts";
import type { CacheContext } from "../../../src/domain/cache/context.ts";
import type { SetRequest } from "../../../src/domain/cache/entries.ts";
import { Fills } from "../../../src/domain/cache/fills.ts";
import { ServiceError, unavailable } from "../../../src/errors.ts";
import type { CacheStore } from "../../../src/ports/cache-store.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface Harness {
  readonly cache: CacheContext;
  /** Moves the one clock of store and domain. */
  advance(ms: number): void;
  now(): number;
  /** Those who sleep on that clock. */
  readonly sleeps: Sleeps;
  /** What chance says from here on; 0 until then. */
  setChance(value: number): void;
  /** As when the hot store is away. */
  bypass(): void;
  /** As when the hot store was lost and a clean namespace opened. */
  lose(): void;
}

/** Sleepers on a clock that only the test moves. */
export class Sleeps {
  readonly #now: () => number;
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  readonly #came = new Broadcast();

  constructor(now: () => number) {
    this.#now = now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { until: this.#now() + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
      this.#came.notify();
    });
  }

  /** Resolves when so many sleep. */
  async until(count: number): Promise<void> {
    while (this.#sleepers.size < count) await this.#came.next();
  }

  get count(): number {
    return this.#sleepers.size;
  }

  wake(): void {
    for (const { until, wake } of [...this.#sleepers]) if (until <= this.#now()) wake();
  }
}

/** `plant` answers methods to put in the place of the store's own. */
export function harness(plant: (store: CacheStore) => Partial<CacheStore> = () => ({})): Harness {
  let now = 1_700_000_000_000;
  let bypassed = false;
  let generation = 7;
  let ids = 0;
  let chance = 0;
  const sleeps = new Sleeps(() => now);
  const store = new MemoryCacheStore({ now: () => now, maxBytes: 1 << 28, maxEntries: 100_000 });
  return {
    cache: {
      store: {
        get: store.get.bind(store),
        getMany: store.getMany.bind(store),
        set: store.set.bind(store),
        deleteMany: store.deleteMany.bind(store),
        touch: store.touch.bind(store),
        increment: store.increment.bind(store),
        lease: store.lease.bind(store),
        endLeases: store.endLeases.bind(store),
        scan: store.scan.bind(store),
        sizes: store.sizes.bind(store),
        ...plant(store),
      },
      generation: {
        current() {
          if (bypassed) throw unavailable("hot");
          return generation;
        },
      },
      clock: { now: () => now },
      timing: {
        monotonic: () => now,
        sleep: (ms, signal) => sleeps.sleep(ms, signal),
      },
      chance: () => chance,
      fills: new Fills(),
      ids: { random: () => `id-${++ids}` },
      ttls: {
        default: 30 * MINUTE,
        byNamespace: { user: 15 * MINUTE, schema: 6 * HOUR },
      },
      stats: { hits: 0, misses: 0 },
    },
    advance: (ms) => {
      now += ms;
      sleeps.wake();
    },
    sleeps,
    setChance: (value) => {
      chance = value;
    },
    now: () => now,
    bypass: () => {
      bypassed = true;
    },
    lose: () => {
      generation++;
    },
  };
}

export function text(key: string, value: string, more: Partial<SetRequest> = {}): SetRequest {
  return {
    namespace: "",
    key,
    value: { kind: "text", text: value },
    condition: "always",
    etag: "",
    ...more,
  };
}

/** The ServiceError that the work ends with. */
export async function failure(work: () => Promise<unknown>): Promise<ServiceError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error("the work was to fail");
}

export function fieldsOf(error: ServiceError): readonly string[] {
  return error.violations.map(({ field }) => field);
}
