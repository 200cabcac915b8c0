/** What differs between two schemas: each keyword with what it means for the documents that are accepted. */
import { canonicalJson } from "../../../canonical.ts";
import { getKey, isObject, type Json, type JsonObject } from "../../../json.ts";
import type { Change, ChangeClass, Obstacle } from "../../../ports/schema-comparer.ts";
import { Budget } from "./budget.ts";
import { type Comparison, newProver, TOO_MUCH, withinBudget } from "./compare.ts";
import { ANYTHING } from "./conjunction.ts";
import { isolate } from "./isolate.ts";
import { kindOf } from "./keywords.ts";
import { at, follow, short } from "./pointer.ts";
import { type Polarity, placesOf, polarities } from "./polarity.ts";
import type { Prover } from "./prover.ts";
import { isSchema, type Source } from "./source.ts";

/** More would help nobody, and have to fit into an answer. */
const MAX_CHANGES = 1_000;
const MAX_POINTER_CHARS = 256 * 1024;
const STEPS = 30_000;
/** Values are quoted where they are short. */
const MAX_QUOTE = 60;

/** The changes in the documents' order, as many as may be; the others are left out. */
export function changesOf(comparison: Comparison): readonly Change[] {
  const differ = new Differ(comparison);
  differ.compareDocuments();
  return differ.changes;
}

/** A schema of either document and where it is. */
interface Place {
  readonly schema: Json;
  readonly pointer: string;
}

class Differ {
  readonly changes: Change[] = [];
  readonly #comparison: Comparison;
  readonly #budget = new Budget(STEPS);
  readonly #prover: Prover;
  readonly #polarities: readonly ReadonlyMap<string, ReadonlySet<Polarity>>[];
  #pointerChars = 0;

  constructor(comparison: Comparison) {
    this.#comparison = comparison;
    this.#prover = newProver(this.#budget);
    this.#polarities = [polarities(comparison.older), polarities(comparison.newer)];
  }

  compareDocuments(): void {
    const { older, newer } = this.#comparison;
    this.#compare({ schema: older.document, pointer: "" }, { schema: newer.document, pointer: "" });
    // References may lead to schemas in places that no keyword gives.
    const places = placesOf(newer);
    const others = [...(this.#polarities[1]?.keys() ?? [])].filter((pointer) => !places.has(pointer));
    const compared: string[] = [];
    for (const pointer of others.sort()) {
      if (compared.some((outer) => pointer.startsWith(`${outer}/`))) continue;
      compared.push(pointer);
      const [before, after] = [follow(older.document, pointer), follow(newer.document, pointer)];
      if (isSchema(before) && isSchema(after)) {
        this.#compare({ schema: before, pointer }, { schema: after, pointer });
      }
    }
  }

  #compare(older: Place, newer: Place): void {
    const [a, b] = [older.schema, newer.schema];
    if (!isObject(a) || !isObject(b)) {
      if (canonicalJson(a) === canonicalJson(b)) return;
      const what = isObject(b) ? `the schema was ${String(a)}` : `the schema became ${String(b)}`;
      this.#add(older, newer, "", newer.pointer, what, this.#classOfWhole(older, newer));
      return;
    }
    for (const keyword of new Set([...Object.keys(a), ...Object.keys(b)])) {
      this.#compareKeyword(older, a, newer, b, keyword);
    }
  }

  #compareKeyword(older: Place, a: JsonObject, newer: Place, b: JsonObject, keyword: string): void {
    const [before, after] = [getKey(a, keyword), getKey(b, keyword)];
    const kind = this.#kindOf(a, b, keyword);
    const [from, to] = [at(older.pointer, keyword), at(newer.pointer, keyword)];
    const isBoth = before !== undefined && after !== undefined;
    const isMap = kind === "map" || kind === "definitions";
    if (kind === "schema" && isSchema(before) && isSchema(after)) {
      this.#compare({ schema: before, pointer: from }, { schema: after, pointer: to });
    } else if (
      isMap &&
      (before === undefined || isObject(before)) &&
      (after === undefined || isObject(after))
    ) {
      this.#compareMaps(older, before ?? {}, newer, after ?? {}, keyword);
    } else if (kind === "list" && Array.isArray(before) && Array.isArray(after)) {
      this.#compareLists(older, before as readonly Json[], newer, after as readonly Json[], keyword);
    } else if (!isBoth || canonicalJson(before) !== canonicalJson(after)) {
      const pointer = after === undefined ? from : to;
      const result = this.#classOf(kind, older, newer, keyword);
      this.#add(older, newer, keyword, pointer, describe(keyword, before, after), result);
    }
  }

  #kindOf(a: JsonObject, b: JsonObject, keyword: string) {
    const kinds = [
      { schema: a, dialect: this.#comparison.older.dialect },
      { schema: b, dialect: this.#comparison.newer.dialect },
    ].map(({ schema, dialect }) => {
      const value = getKey(schema, keyword);
      // In draft-07 nothing counts beside a reference, but what references lead to.
      const isShadowed =
        dialect === "draft-07" && keyword !== "$ref" && typeof getKey(schema, "$ref") === "string";
      const kind = value === undefined ? "annotation" : kindOf(keyword, value, dialect);
      return isShadowed && kind !== "definitions" ? "annotation" : kind;
    });
    return kinds.find((kind) => kind !== "annotation") ?? "annotation";
  }

  #compareMaps(older: Place, a: JsonObject, newer: Place, b: JsonObject, keyword: string): void {
    const [from, to] = [at(older.pointer, keyword), at(newer.pointer, keyword)];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [before, after] = [getKey(a, key), getKey(b, key)];
      if (isSchema(before) && isSchema(after)) {
        this.#compare({ schema: before, pointer: at(from, key) }, { schema: after, pointer: at(to, key) });
      } else if (
        before === undefined ||
        after === undefined ||
        canonicalJson(before) !== canonicalJson(after)
      ) {
        const pointer = after === undefined ? at(from, key) : at(to, key);
        const name = `${keyword} ${JSON.stringify(key)}`;
        const result =
          keyword === "$defs" || keyword === "definitions"
            ? { class: "FULL" as const, why: "it counts only where a reference leads to it" }
            : this.#classOf("map", older, newer, keyword, key);
        this.#add(older, newer, keyword, pointer, describe(name, before, after), result);
      }
    }
  }

  /** Pairs what is equal, then what is left, in its order. */
  #compareLists(older: Place, a: readonly Json[], newer: Place, b: readonly Json[], keyword: string): void {
    const place = (whole: Place, list: readonly Json[], index: number): Place => ({
      schema: list[index] ?? null,
      pointer: at(whole.pointer, keyword, index),
    });
    const isOrdered = keyword === "items" || keyword === "prefixItems";
    const pairs = isOrdered ? byPosition(a, b) : byContent(a, b);
    for (const [before, after] of pairs) {
      if (before !== undefined && after !== undefined) {
        this.#compare(place(older, a, before), place(newer, b, after));
        continue;
      }
      const index = before ?? after ?? 0;
      const { pointer } = after === undefined ? place(older, a, index) : place(newer, b, index);
      const key = isOrdered ? index : undefined;
      const what = describe(
        `${keyword} ${index}`,
        before === undefined ? undefined : true,
        after === undefined ? undefined : true,
      );
      this.#add(older, newer, keyword, pointer, what, this.#classOf("list", older, newer, keyword, key));
    }
  }

  #classOf(
    kind: ReturnType<typeof kindOf>,
    older: Place,
    newer: Place,
    keyword: string,
    key?: string | number,
  ): Result {
    const { forms } = this.#comparison;
    if (kind === "annotation") return { class: "ANNOTATION_ONLY", why: "it says nothing about validity" };
    if (kind === "identity") return this.#classOfIdentity(keyword);
    const [a, b] = this.#nodes(older, newer);
    return this.#decide(
      () => this.#prover.obstacle(ANYTHING.and(a), isolate(b, forms, keyword, key)),
      () => this.#prover.obstacle(ANYTHING.and(b), isolate(a, forms, keyword, key)),
    );
  }

  #classOfWhole(older: Place, newer: Place): Result {
    const [a, b] = this.#nodes(older, newer);
    return this.#decide(
      () => this.#prover.obstacle(ANYTHING.and(a), b),
      () => this.#prover.obstacle(ANYTHING.and(b), a),
    );
  }

  #classOfIdentity(keyword: string): Result {
    const { older, newer } = this.#comparison;
    if (keyword === "$schema") {
      if (older.dialect === newer.dialect)
        return { class: "ANNOTATION_ONLY", why: "the dialect is the same" };
      return { class: "UNKNOWN", why: "keywords mean what the dialect says" };
    }
    if (!older.usesNames && !newer.usesNames) {
      return { class: "ANNOTATION_ONLY", why: "no reference uses the name" };
    }
    return { class: "UNKNOWN", why: "references may lead elsewhere" };
  }

  #nodes(older: Place, newer: Place) {
    const read = (source: Source, { schema, pointer }: Place) => source.read(schema, pointer);
    return [read(this.#comparison.older, older), read(this.#comparison.newer, newer)] as const;
  }

  #decide(backward: () => Obstacle | undefined, forward: () => Obstacle | undefined): Result {
    // Where nothing is left to reason with, even putting the question takes too long.
    if (this.#budget.isSpent) return { class: "UNKNOWN", why: `not decided: ${TOO_MUCH.reason}` };
    const [lost, gained] = [withinBudget(backward), withinBudget(forward)];
    if (lost === undefined) {
      return gained === undefined
        ? { class: "FULL", why: "it accepts the same" }
        : { class: "BACKWARD", why: "it accepts more" };
    }
    if (gained === undefined) return { class: "FORWARD", why: `it accepts less: ${lost.reason}` };
    const [first] = [lost, gained].filter(({ sure }) => !sure);
    if (first === undefined) return { class: "BREAKING", why: `it accepts other documents: ${lost.reason}` };
    return { class: "UNKNOWN", why: `not decided: ${first.reason}` };
  }

  #add(older: Place, newer: Place, keyword: string, pointer: string, what: string, result: Result): void {
    this.#pointerChars += pointer.length;
    if (this.changes.length >= MAX_CHANGES || this.#pointerChars > MAX_POINTER_CHARS) return;
    const ways = new Set([
      ...(this.#polarities[0]?.get(older.pointer) ?? []),
      ...(this.#polarities[1]?.get(newer.pointer) ?? []),
    ]);
    const lifted = lift(result, ways);
    this.changes.push({ class: lifted.class, pointer, keyword, reason: short(`${what}; ${lifted.why}`) });
  }
}

interface Result {
  readonly class: ChangeClass;
  readonly why: string;
}

/** What a change in one place means for the whole. */
function lift(result: Result, ways: ReadonlySet<Polarity>): Result {
  if (result.class === "ANNOTATION_ONLY" || result.class === "FULL") return result;
  if (ways.size === 0) return { class: "FULL", why: "nothing refers to the schema that it is in" };
  if (ways.size === 1 && ways.has("same")) return result;
  if (result.class === "UNKNOWN") return result;
  if (ways.size === 1 && ways.has("opposite")) {
    if (result.class === "BACKWARD") return { class: "FORWARD", why: "under not, more there is less here" };
    if (result.class === "FORWARD") return { class: "BACKWARD", why: "under not, less there is more here" };
    return result;
  }
  return { class: "UNKNOWN", why: `${result.why}; what that means here depends on the branches beside it` };
}

function describe(name: string, before: Json | undefined, after: Json | undefined): string {
  if (before === undefined) return `${name} was added`;
  if (after === undefined) return `${name} was removed`;
  const [from, to] = [JSON.stringify(before), JSON.stringify(after)];
  return from.length + to.length <= MAX_QUOTE ? `${name} was ${from} and is ${to}` : `${name} changed`;
}

type PairOfIndexes = readonly [number | undefined, number | undefined];

function byPosition(a: readonly Json[], b: readonly Json[]): readonly PairOfIndexes[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => [
    index < a.length ? index : undefined,
    index < b.length ? index : undefined,
  ]);
}

function byContent(a: readonly Json[], b: readonly Json[]): readonly PairOfIndexes[] {
  const places = new Map<string, number[]>();
  for (const [index, item] of b.entries()) {
    const text = canonicalJson(item);
    const known = places.get(text);
    if (known === undefined) places.set(text, [index]);
    else known.push(index);
  }
  const left: number[] = [];
  const taken = new Set<number>();
  for (const [index, item] of a.entries()) {
    const equal = places.get(canonicalJson(item))?.shift();
    if (equal === undefined) left.push(index);
    else taken.add(equal);
  }
  const others = [...b.keys()].filter((index) => !taken.has(index));
  return byPosition(
    left.map((index) => index),
    others.map((index) => index),
  ).map(([before, after]) => [
    before === undefined ? undefined : left[before],
    after === undefined ? undefined : others[after],
  ]);
}
