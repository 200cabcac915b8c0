import { MemoryCacheStore } from "../../../src/adapters/memory/cache.ts";
import type { CacheContext } from "../../../src/domain/cache/context.ts";
import type { SetRequest } from "../../../src/domain/cache/entries.ts";
import { ServiceError, unavailable } from "../../../src/errors.ts";
import type { CacheStore } from "../../../src/ports/cache-store.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface Harness {
  readonly cache: CacheContext;
  /** Moves the one clock of store and domain. */
  advance(ms: number): void;
  now(): number;
  /** As when the hot store is away. */
  bypass(): void;
}

/** `plant` answers methods to put in the place of the store's own. */
export function harness(plant: (store: CacheStore) => Partial<CacheStore> = () => ({})): Harness {
  let now = 1_700_000_000_000;
  let bypassed = false;
  let ids = 0;
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
        scan: store.scan.bind(store),
        sizes: store.sizes.bind(store),
        ...plant(store),
      },
      generation: {
        current() {
          if (bypassed) throw unavailable("hot");
          return 7;
        },
      },
      clock: { now: () => now },
      ids: { random: () => `id-${++ids}` },
      ttls: {
        default: 30 * MINUTE,
        byNamespace: { user: 15 * MINUTE, schema: 6 * HOUR },
      },
      stats: { hits: 0, misses: 0 },
    },
    advance: (ms) => {
      now += ms;
    },
    now: () => now,
    bypass: () => {
      bypassed = true;
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
