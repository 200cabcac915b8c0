// Stores that each break a promise about reads, lists, changes or signals in one way, for the contract suite to find.
import { aborted, unavailable } from "../../../src/errors.ts";
import type { Document } from "../../../src/ports/durable-store.ts";
import { type BrokenStore, flawed, tick } from "./flaws.ts";

export const BROKEN_READS: readonly BrokenStore[] = [
  flawed("heavy fields leak", ["heavy fields come back only on demand"], (good) => ({
    get: (collection, key) => good.get(collection, key, { whole: true }),
  })),
  flawed(
    "absent keys come back as empty documents",
    ["get and getMany answer what is there and nothing else"],
    (good) => ({
      getMany: async (collection, keys, options) => {
        const found = new Map(
          (await good.getMany(collection, keys, options)).map((each) => [each.key, each]),
        );
        return keys.map((key) => found.get(key) ?? { key, revision: 0 });
      },
    }),
  ),
  flawed(
    "filters are ignored",
    [
      "every filter tells what matches from what does not",
      "all filters must match",
      "a list follows every change of a document",
    ],
    (good) => ({ find: (query, signal) => good.find({ ...query, filters: [] }, signal) }),
  ),
  flawed(
    "ties have no order",
    ["paging by the last document seen meets each document once, ties included"],
    (good) => ({
      find: async (query, signal) => {
        const found = await good.find({ ...query, order: query.order.slice(0, 1), limit: 1000 }, signal);
        const after = query.after?.at(-1);
        const start = after === undefined ? 0 : found.findIndex(({ key }) => key === after) + 1;
        return found.slice(start, start + query.limit);
      },
    }),
  ),
  flawed("text sorts by UTF-16", ["the order is total and text sorts by its UTF-8 bytes"], (good) => ({
    find: async (query, signal) => {
      const found = await good.find(query, signal);
      if (query.order[0]?.field !== "group") return found;
      return [...found].sort((a, b) => (String(a.group) < String(b.group) ? -1 : 1));
    },
  })),
  flawed("pages begin anew", ["paging under an `in` filter meets each document once"], (good) => ({
    find: ({ after: _, ...query }, signal) => good.find(query, signal),
  })),
  flawed("counts ignore filters", ["countBy counts what matches by value"], (good) => ({
    countBy: (collection, _, by, signal) => good.countBy(collection, [], by, signal),
  })),
  flawed("insertMany replaces", ["insertMany leaves what is there and inserts the rest"], (good) => ({
    insertMany: async (collection, documents, signal) => {
      await good.deleteMany(
        collection,
        documents.map(({ key }) => key),
        signal,
      );
      await good.insertMany(collection, documents, signal);
    },
  })),
  flawed(
    "insertMany inserts in pieces of different callers",
    ["concurrent insertMany calls make each document once"],
    (good) => ({
      insertMany: async (collection, documents, signal) => {
        for (const { key, ...fields } of documents) {
          const set = Object.entries(fields).map(([field, value]) => [[field], value] as const);
          await good.update({ collection, key, conditions: [], change: { set }, ifAbsent: "insert" }, signal);
        }
      },
    }),
  ),
  flawed("a batch is cut at a hundred", ["insertMany and getMany take a thousand"], (good) => ({
    getMany: (collection, keys, options) => good.getMany(collection, keys.slice(0, 100), options),
  })),
  flawed(
    "deleteMany answers what was asked",
    [
      "deleteMany answers how many were there, and they are gone",
      "a document deleted by many at once was there for one",
    ],
    (good) => ({
      deleteMany: async (collection, keys, signal) => {
        await good.deleteMany(collection, keys, signal);
        return keys.length;
      },
    }),
  ),
  flawed(
    "deleteMany looks at keys alone",
    ["deleteMany leaves what was written since it was read"],
    (good) => ({
      deleteMany: (collection, targets, signal) =>
        good.deleteMany(
          collection,
          targets.map((target) => (typeof target === "string" ? target : target.key)),
          signal,
        ),
    }),
  ),
  flawed("reads are one write old", ["a read after an acknowledged write sees it"], (good) => {
    const before = new Map<string, Document>();
    return {
      get: async (_, key) => before.get(key),
      update: async (update, signal) => {
        const document = await good.get(update.collection, update.key);
        if (document !== undefined) before.set(update.key, document);
        return good.update(update, signal);
      },
    };
  }),
  flawed(
    "changes leaves the last document out",
    [
      "changes holds every document written since the cursor with its latest content",
      "changes follows cursors to the end of any number of writes",
      "changes misses nothing while many write",
    ],
    (good) => ({
      changes: async (...args) => {
        const page = await good.changes(...args);
        return { ...page, documents: page.documents.slice(0, -1) };
      },
    }),
  ),
  flawed("changes stands still", ["changes follows cursors to the end of any number of writes"], (good) => ({
    changes: async (collection, cursor, limit, signal) => ({
      ...(await good.changes(collection, cursor, limit, signal)),
      ...(cursor === undefined ? {} : { cursor }),
    }),
  })),
  flawed("changes mixes collections", ["changes of one collection are not another's"], (good) => ({
    changes: async (collection, cursor, limit, signal) => {
      const page = await good.changes(collection, cursor, limit, signal);
      const other =
        cursor === undefined ? [] : (await good.changes("bodies", cursor, limit, signal)).documents;
      return { ...page, documents: [...page.documents, ...other] };
    },
  })),
  flawed("any cursor will do", ["a cursor that the store never gave is refused"], (good) => ({
    changes: (collection, cursor, limit, signal) =>
      good.changes(collection, cursor && String(Number.parseInt(cursor, 10) || 0), limit, signal),
  })),
  flawed("ping fails", ["ping answers"], () => ({ ping: () => Promise.reject(unavailable("durable")) })),
  flawed(
    "signals are not looked at",
    ["a signal that fired before the call means that nothing was applied"],
    (good) => ({ update: (update) => good.update(update) }),
  ),
  flawed("a late signal undoes", ["a signal that fires after the answer changes nothing"], (good) => ({
    update: async (update, signal) => {
      const result = await good.update(update, signal);
      signal?.addEventListener("abort", () => void good.deleteMany(update.collection, [update.key]));
      return result;
    },
  })),
  flawed(
    "an aborted write says no and is there",
    ["a signal that fires during a write never makes a false no"],
    (good) => ({
      update: async (update, signal) => {
        const result = await good.update(update, signal);
        if (signal !== undefined) await tick();
        if (signal?.aborted) throw aborted(signal, "no");
        return result;
      },
    }),
  ),
  flawed("close does nothing", ["a closed store is unavailable, and closing again does nothing"], () => ({
    close: async () => undefined,
  })),
];
