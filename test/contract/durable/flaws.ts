// Ways to break a durable store in one place.
import { evaluate } from "../../../src/adapters/documents/evaluate.ts";
import { memoryDurable } from "../../../src/adapters/memory/durable.ts";
import type {
  Change,
  Document,
  DurableStore,
  Update,
  UpdateResult,
} from "../../../src/ports/durable-store.ts";
import { COLLECTIONS } from "./harness.ts";

export interface BrokenStore {
  readonly flaw: string;
  /** Promises of the suite, by their text, that this flaw must break; it may break more. */
  readonly breaks: readonly string[];
  readonly open: () => DurableStore;
}

/** A good store with some of its methods replaced. */
export function flawed(
  flaw: string,
  breaks: readonly string[],
  replace: (good: DurableStore) => Partial<DurableStore>,
): BrokenStore {
  return {
    flaw,
    breaks,
    open: () => {
      const good = memoryDurable(COLLECTIONS);
      return { ...good, ...replace(good) };
    },
  };
}

/** A good store whose updates come out otherwise. */
export function updating(
  flaw: string,
  breaks: readonly string[],
  rewrite: (update: Update) => Update,
): BrokenStore {
  return flawed(flaw, breaks, (good) => ({
    update: (update, signal) => good.update(rewrite(update), signal),
  }));
}

/** A good store whose results of updates come out otherwise. */
export function answering(
  flaw: string,
  breaks: readonly string[],
  rewrite: (result: UpdateResult, update: Update) => UpdateResult,
): BrokenStore {
  return flawed(flaw, breaks, (good) => ({
    update: async (update, signal) => rewrite(await good.update(update, signal), update),
  }));
}

/** A good store that hands out every document changed. */
export function reading(
  flaw: string,
  breaks: readonly string[],
  rewrite: (document: Document) => Document,
): BrokenStore {
  return flawed(flaw, breaks, (good) => ({
    get: async (...args) => {
      const document = await good.get(...args);
      return document && rewrite(document);
    },
  }));
}

export function without(change: Change, ...kinds: readonly (keyof Change)[]): Change {
  return Object.fromEntries(Object.entries(change).filter(([kind]) => !kinds.includes(kind as keyof Change)));
}

/** The document with every value of its JSON text replaced. */
export function retold(retell: (text: string) => string): (document: Document) => Document {
  return (document) => JSON.parse(retell(JSON.stringify(document))) as Document;
}

/** Keeps `things` itself; `turn` is awaited between reading and writing. */
export function homemade(
  flaw: string,
  breaks: readonly string[],
  turn: (current: Document | undefined) => Promise<void> | undefined,
): BrokenStore {
  return flawed(flaw, breaks, () => {
    const documents = new Map<string, Document>();
    return {
      get: async (_, key) => documents.get(key),
      update: async (update) => {
        const current = documents.get(update.key);
        const waiting = turn(current);
        if (waiting !== undefined) await waiting;
        const document = evaluate(update, current);
        if (document === undefined) return { outcome: "refused", document: current };
        documents.set(update.key, document);
        return { outcome: "applied", document };
      },
    };
  });
}

/** The next turn of the event loop. */
export const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
