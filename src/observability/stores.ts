/** The ports with each operation observed. What is no operation on the store (`kind`, `close`) is the store's own. */
import type { CacheStore } from "../ports/cache-store.ts";
import type { DurableStore } from "../ports/durable-store.ts";
import type { GetOrLease, HotStore } from "../ports/hot-store.ts";
import type { Metrics } from "./metrics.ts";
import { createObserve } from "./observe-store.ts";
import type { Tracing } from "./tracing.ts";

export interface StoreObservation {
  readonly metrics: Metrics;
  /** Undefined where no traces are wanted. */
  readonly tracing: Tracing | undefined;
}

export function observedDurable(store: DurableStore, { metrics, tracing }: StoreObservation): DurableStore {
  const observe = createObserve({ role: "durable", kind: store.kind }, metrics, tracing);
  return {
    kind: store.kind,
    exclusive: store.exclusive,
    get: (collection, key, options) => observe("get", () => store.get(collection, key, options), collection),
    getMany: (collection, keys, options) =>
      observe("get_many", () => store.getMany(collection, keys, options), collection),
    update: (update, signal) => observe("update", () => store.update(update, signal), update.collection),
    insertMany: (collection, documents, signal) =>
      observe("insert_many", () => store.insertMany(collection, documents, signal), collection),
    deleteMany: (collection, targets, signal) =>
      observe("delete_many", () => store.deleteMany(collection, targets, signal), collection),
    find: (query, signal) => observe("find", () => store.find(query, signal), query.collection),
    countBy: (collection, filters, by, signal) =>
      observe("count_by", () => store.countBy(collection, filters, by, signal), collection),
    changes: (collection, cursor, limit, signal) =>
      observe("changes", () => store.changes(collection, cursor, limit, signal), collection),
    ping: (signal) => observe("ping", () => store.ping(signal)),
    close: () => store.close(),
  };
}

export function observedHot(store: HotStore, { metrics, tracing }: StoreObservation): HotStore {
  const observe = createObserve({ role: "hot", kind: store.kind }, metrics, tracing);
  const { hotLookups } = metrics;
  const lookups = {
    hit: hotLookups.tally({ result: "hit" }),
    leased: hotLookups.tally({ result: "miss" }),
    busy: hotLookups.tally({ result: "busy" }),
    error: hotLookups.tally({ result: "error" }),
  };
  const count = (found: GetOrLease | undefined): void => {
    lookups[found?.kind ?? "error"].count++;
  };
  return {
    kind: store.kind,
    shared: store.shared,
    getOrLease: (slot, request, signal) =>
      observe("get_or_lease", () => store.getOrLease(slot, request, signal), undefined, count),
    peek: (slot, minRevision, signal) => observe("peek", () => store.peek(slot, minRevision, signal)),
    fill: (slot, token, versioned, signal) =>
      observe("fill", () => store.fill(slot, token, versioned, signal)),
    confirm: (slot, versioned, signal) => observe("confirm", () => store.confirm(slot, versioned, signal)),
    raise: (slot, revision, signal) => observe("raise", () => store.raise(slot, revision, signal)),
    probe: (signal) => observe("probe", () => store.probe(signal)),
    onDoubt: (listener) => store.onDoubt(listener),
    onConfirmed: (listener) => store.onConfirmed(listener),
    writeHint: (generation, signal) => observe("write_hint", () => store.writeHint(generation, signal)),
    readHint: (signal) => observe("read_hint", () => store.readHint(signal)),
    sweepBelow: (generation, signal) => observe("sweep_below", () => store.sweepBelow(generation, signal)),
    close: () => store.close(),
  };
}

export function observedCache(
  store: CacheStore,
  kind: string,
  { metrics, tracing }: StoreObservation,
): CacheStore {
  const observe = createObserve({ role: "cache", kind }, metrics, tracing);
  return {
    get: (generation, name, signal) => observe("get", () => store.get(generation, name, signal)),
    getMany: (generation, names, signal) =>
      observe("get_many", () => store.getMany(generation, names, signal)),
    set: (generation, name, entry, condition, signal) =>
      observe("set", () => store.set(generation, name, entry, condition, signal)),
    deleteMany: (generation, names, signal) =>
      observe("delete_many", () => store.deleteMany(generation, names, signal)),
    sizes: (generation, names, signal) => observe("sizes", () => store.sizes(generation, names, signal)),
    touch: (generation, name, lifetime, signal) =>
      observe("touch", () => store.touch(generation, name, lifetime, signal)),
    increment: (generation, name, increment, signal) =>
      observe("increment", () => store.increment(generation, name, increment, signal)),
    lease: (generation, name, request, signal) =>
      observe("lease", () => store.lease(generation, name, request, signal)),
    endLeases: (generation, names, signal) =>
      observe("end_leases", () => store.endLeases(generation, names, signal)),
    scan: (generation, query, signal) => observe("scan", () => store.scan(generation, query, signal)),
  };
}
