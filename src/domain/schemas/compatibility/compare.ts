/** What can be shown of two schemas without trying documents. */
import { canonicalJson } from "../../../canonical.ts";
import { getKey, isObject, type Json, setKey } from "../../../json.ts";
import type { SchemaText } from "../../../ports/document-validator.ts";
import type { Obstacle } from "../../../ports/schema-comparer.ts";
import { Alike } from "./alike.ts";
import { Budget, OutOfBudget } from "./budget.ts";
import { ANYTHING } from "./conjunction.ts";
import { Evaluator } from "./evaluate.ts";
import { kindOf } from "./keywords.ts";
import { Prover } from "./prover.ts";
import { Forms, Source } from "./source.ts";

/** Steps of one comparison; what they take is in the decision record, some 20 ms at most. */
const STEPS = 30_000;

export interface Comparison {
  readonly older: Source;
  readonly newer: Source;
  readonly forms: Forms;
  /** They differ in nothing that says something about validity. */
  readonly isAnnotationOnly: boolean;
  /** In the way of the newer accepting all that the older accepts; undefined when it does. */
  readonly backward: Obstacle | undefined;
  /** In the way of the older accepting all that the newer accepts. */
  readonly forward: Obstacle | undefined;
}

/** Work is bounded; what would take more has an obstacle. */
export function compare(older: SchemaText, newer: SchemaText): Comparison {
  const forms = new Forms();
  const read = ({ text, dialect }: SchemaText) => new Source(JSON.parse(text) as Json, dialect, forms);
  const sources = { older: read(older), newer: read(newer), forms };
  if (older.dialect === newer.dialect && bare(sources.older) === bare(sources.newer)) {
    return { ...sources, isAnnotationOnly: true, backward: undefined, forward: undefined };
  }
  const budget = new Budget(STEPS);
  const prover = newProver(budget);
  const show = (from: Source, to: Source) =>
    withinBudget(() => prover.obstacle(ANYTHING.and(from.root), to.root));
  const isAnnotationOnly = new Alike(budget).same(sources.older.root, sources.newer.root);
  return {
    ...sources,
    isAnnotationOnly,
    backward: show(sources.older, sources.newer),
    forward: show(sources.newer, sources.older),
  };
}

export function newProver(budget: Budget): Prover {
  return new Prover(budget, new Alike(budget), new Evaluator(budget));
}

export const TOO_MUCH: Obstacle = {
  pointer: "",
  keyword: "",
  reason: "deciding it takes more work than one comparison may take",
  sure: false,
};

export function withinBudget(work: () => Obstacle | undefined): Obstacle | undefined {
  try {
    return work();
  } catch (error) {
    // An overflow of the stack is a matter of size too.
    if (error instanceof OutOfBudget || error instanceof RangeError) return TOO_MUCH;
    throw error;
  }
}

/** Words for people. Others that say nothing may still be where a reference leads. */
const NOTES: ReadonlySet<string> = new Set(["title", "description", "$comment"]);

/** The document without its notes, so that it is all the same whatever references there are. */
function bare({ document, dialect }: Source): string {
  return canonicalJson(withoutNotes(document, dialect));
}

function withoutNotes(schema: Json, dialect: Source["dialect"]): Json {
  if (!isObject(schema)) return schema;
  const rest: Record<string, Json> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (NOTES.has(keyword) && typeof value === "string") continue;
    setKey(rest, keyword, inner(kindOf(keyword, value, dialect), value, dialect));
  }
  return rest;
}

function inner(kind: ReturnType<typeof kindOf>, value: Json, dialect: Source["dialect"]): Json {
  if (kind === "schema") return withoutNotes(value, dialect);
  if (kind === "list" && Array.isArray(value)) {
    return (value as readonly Json[]).map((item) => withoutNotes(item, dialect));
  }
  if ((kind !== "map" && kind !== "definitions") || !isObject(value)) return value;
  const map: Record<string, Json> = {};
  for (const name of Object.keys(value)) {
    setKey(map, name, withoutNotes(getKey(value, name) ?? null, dialect));
  }
  return map;
}
