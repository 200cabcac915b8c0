// Stores that each break a promise about updates and values in one way, for the contract suite to find.
import { isObject, type Json } from "../../../src/json.ts";
import type { Document } from "../../../src/ports/durable-store.ts";
import {
  answering,
  type BrokenStore,
  flawed,
  homemade,
  reading,
  retold,
  tick,
  updating,
  without,
} from "./flaws.ts";

export const BROKEN_WRITES: readonly BrokenStore[] = [
  homemade(
    "updates read, then write",
    [
      "of many concurrent updates none is lost, and each has a revision of its own",
      "of many who compare the same revision one wins each",
      "of many with the same id under none_with exactly one applies",
      "concurrent pushes keep the last ones",
    ],
    (current) => (current === undefined ? undefined : tick()),
  ),
  homemade("inserts are not atomic", ["of many who insert at once one wins"], (current) =>
    current === undefined ? tick() : undefined,
  ),
  homemade("documents are shared", ["what a caller holds is never shared with the store"], () => undefined),
  updating("the revision stays", ["every durable write adds one to the revision"], (update) => ({
    ...update,
    change: { ...update.change, keepRevision: true },
  })),
  answering(
    "revisions begin at 0",
    ["an insert makes revision 1 and answers the document"],
    ({ outcome, document }) =>
      document === undefined
        ? { outcome: "refused", document }
        : { outcome, document: { ...document, revision: document.revision - 1 } },
  ),
  updating("keepRevision is not known", ["keepRevision leaves the revision as it is"], (update) => ({
    ...update,
    change: without(update.change, "keepRevision"),
  })),
  updating(
    "every update inserts",
    ["an absent document refuses an update that may not insert"],
    (update) => ({
      ...update,
      ifAbsent: "insert",
    }),
  ),
  flawed(
    "conditions are asked of absent documents",
    ["conditions are not looked at when the document is absent"],
    (good) => ({
      update: async (update, signal) => {
        const current = await good.get(update.collection, update.key);
        const ifAbsent = current === undefined && update.conditions.length > 0 ? "refuse" : update.ifAbsent;
        return good.update({ ...update, ifAbsent }, signal);
      },
    }),
  ),
  flawed(
    "an insert copies what conditions say",
    ["an inserted document holds nothing of the conditions"],
    (good) => ({
      update: async (update, signal) => {
        if ((await good.get(update.collection, update.key)) !== undefined) return good.update(update, signal);
        const copied = update.conditions.flatMap((condition) =>
          condition.test === "equals" ? [[condition.path, condition.value] as const] : [],
        );
        const set = [...(update.change.set ?? []), ...copied];
        return good.update({ ...update, change: { ...update.change, set } }, signal);
      },
    }),
  ),
  answering(
    "a refusal leaves the heavy fields out",
    ["a refusal answers the whole current document and changes nothing"],
    ({ outcome, document }) => {
      if (outcome === "applied" || document === undefined) return { outcome: "refused", document };
      const { bulk: _, ...light } = document;
      return { outcome, document: light as unknown as Document };
    },
  ),
  updating(
    "conditions are ignored",
    ["every condition tells what holds from what does not", "all conditions must hold"],
    (update) => ({ ...update, conditions: [] }),
  ),
  flawed("conditions cannot see heavy fields", ["a condition sees the heavy fields"], (good) => ({
    update: (update, signal) => {
      const blind = update.conditions.map((condition) =>
        condition.path[0] === "bulk" ? ({ ...condition, path: ["unseen"] } as const) : condition,
      );
      return good.update({ ...update, conditions: blind }, signal);
    },
  })),
  updating(
    "set replaces the whole field",
    ["set makes the objects on the way and keeps their other keys"],
    (update) => ({
      ...update,
      change: {
        ...update.change,
        ...(update.change.set && {
          set: update.change.set.map(([[field, ...rest], value]) => [
            [field],
            rest.reduceRight<Json>((inner, part) => ({ [part]: inner }), value),
          ]),
        }),
      },
    }),
  ),
  updating("unset does nothing", ["unset removes a key and leaves absent ones alone"], (update) => ({
    ...update,
    change: without(update.change, "unset"),
  })),
  updating(
    "increments are whole numbers",
    ["increment starts at 0 and takes fractions and negative amounts"],
    (update) => ({
      ...update,
      change: {
        ...update.change,
        ...(update.change.increment && {
          increment: update.change.increment.map(([path, amount]) => [path, Math.trunc(amount)]),
        }),
      },
    }),
  ),
  updating(
    "pushed arrays grow for ever",
    ["push makes the array, appends, and keeps the last ones"],
    (update) => ({
      ...update,
      change: {
        ...update.change,
        ...(update.change.push && { push: update.change.push.map(({ path, value }) => ({ path, value })) }),
      },
    }),
  ),
  updating("one kind of change at a time", ["one change may hold every kind"], (update) => ({
    ...update,
    change:
      update.change.set === undefined ? update.change : without(update.change, "unset", "increment", "push"),
  })),
  flawed(
    "a change that does not fit is said to be applied",
    ["a change whose shape does not fit is refused as a whole"],
    (good) => ({
      update: async (update, signal) => {
        const result = await good.update(update, signal);
        const unfit =
          result.outcome === "refused" && update.conditions.length === 0 && result.document !== undefined;
        return unfit ? { outcome: "applied", document: result.document } : result;
      },
    }),
  ),
  reading(
    "numbers as keys make arrays",
    ["what looks like an index is a key of an object, never of an array"],
    (document) => {
      const { data } = document;
      return isObject(data) && "0" in data ? { ...document, data: Object.values(data) } : document;
    },
  ),
  reading(
    "special keys come back changed",
    ["keys of any text come back as they were", "paths name keys of any text"],
    retold((text) => text.replaceAll("__proto__", "proto")),
  ),
  reading(
    "numbers are 32 bits wide",
    ["numbers come back as they were"],
    retold((text) => text.replaceAll(/\b3000000000\b/g, "-1294967296")),
  ),
  reading(
    "text ends at NUL",
    ["text comes back as it was"],
    retold((text) => text.replaceAll("\\u0000", "")),
  ),
  reading(
    "depth is cut",
    ["deep values come back as they were"],
    retold((text) => text.replaceAll('"leaf"', "null")),
  ),
  reading(
    "big documents are cut",
    ["a document of 300 KiB comes back as it was"],
    retold((text) => (text.length > 65_536 ? '{"key":"heavy","revision":1}' : text)),
  ),
];
