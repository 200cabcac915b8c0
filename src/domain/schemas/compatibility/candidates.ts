/** Documents that one schema is likely to accept and another one may refuse. Whether it is so is for validators to say. */
import { canonicalJson } from "../../../canonical.ts";
import { type Json, setKey } from "../../../json.ts";
import { type Budget, OutOfBudget } from "./budget.ts";
import { type Conjunction, possibleTypes } from "./conjunction.ts";
import { knownNames, namesOf, propertyOf } from "./objects.ts";
import { samplesOf } from "./pattern-samples.ts";
import type { Prover } from "./prover.ts";
import { MAX_LENGTH, scalars } from "./samples.ts";
import { ARRAY, membersOf, OBJECT, STRING, type Types } from "./types.ts";

const MAX_DEPTH = 8;
/** Documents of one place: of the whole, and of a part. */
const MAX_ROOT = 150;
const MAX_PART = 16;
const MAX_WAYS = 12;
/** More properties in one object make no document that anybody would read. */
const MAX_REQUIRED = 1_000;
/** Properties that one object is varied by. */
const MAX_NAMES = 64;

export class Candidates {
  readonly #prover: Prover;
  readonly #budget: Budget;
  readonly #bases = new Map<string, Json | undefined>();
  readonly #parts = new Map<string, readonly Json[]>();

  constructor(prover: Prover, budget: Budget) {
    this.#prover = prover;
    this.#budget = budget;
  }

  /** Those come first that `q` is known to refuse. */
  of(p: Conjunction, q: Conjunction): readonly Json[] {
    const found = new Distinct(MAX_ROOT);
    try {
      this.#collect(found, p, q, 0);
    } catch (error) {
      // What was found so far is worth a try.
      if (!(error instanceof OutOfBudget || error instanceof RangeError)) throw error;
    }
    return found.values;
  }

  #collect(found: Distinct, p: Conjunction, q: Conjunction, depth: number): void {
    this.#budget.spend();
    if (depth > MAX_DEPTH || p.never || found.isFull) return;
    if (p.choices.length > 0) {
      for (const way of p.choices.flatMap((choice) => p.ways(choice, MAX_WAYS))) {
        const some = new Distinct(MAX_PART);
        if (!this.#prover.isEmpty(way)) this.#collect(some, way, q, depth);
        for (const value of some.values) found.add(value);
      }
      return;
    }
    const isLikely = (value: Json) => this.#prover.holds(p, value) !== false;
    const isTelling = (value: Json) => this.#prover.holds(q, value) === false;
    const some: Json[] = [];
    if (p.values !== undefined) {
      some.push(...p.values.slice(0, 1000).filter(isLikely));
    } else {
      const hints = q.choices.flatMap((choice) =>
        choice.kind === "if" ? [choice.if, choice.met, choice.unmet] : choice.branches,
      );
      const others = [
        q,
        ...[...hints, ...q.atoms.flatMap(({ not }) => not ?? [])]
          .slice(0, MAX_WAYS)
          .map((node) => q.and(node)),
      ];
      for (const other of others) {
        for (const type of membersOf(p.types))
          some.push(...this.#typed(type, p.only(type), other, depth).filter(isLikely));
      }
    }
    // A type that the other side refuses, and a value that it refuses, are what is looked for.
    const telling = some.filter(isTelling);
    for (const value of [...telling.slice(0, MAX_PART), ...some]) found.add(value);
  }

  #typed(type: Types, p: Conjunction, q: Conjunction, depth: number): readonly Json[] {
    if (type === ARRAY) return this.#arrays(p, q, depth);
    if (type === OBJECT) return this.#objects(p, q, depth);
    return scalars(type, p, q);
  }

  #part(p: Conjunction, q: Conjunction, depth: number): readonly Json[] {
    const key = `${p.key}|${q.key}`;
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    // A schema that holds itself gets nothing from the inner one.
    this.#parts.set(key, []);
    const found = new Distinct(MAX_PART);
    this.#collect(found, p, q, depth + 1);
    this.#parts.set(key, found.values);
    return found.values;
  }

  /** One value that is likely accepted. */
  #base(p: Conjunction, depth: number): Json | undefined {
    if (this.#bases.has(p.key)) return this.#bases.get(p.key);
    this.#bases.set(p.key, undefined);
    const [value] = this.#part(p, p, depth);
    this.#bases.set(p.key, value);
    return value;
  }

  /** Whether varying a part could make any difference. */
  #differs(p: Conjunction, q: Conjunction): boolean {
    if ((p.types & ~q.types) !== 0) return true;
    return q.atoms.some(
      (atom) => (p.types & ~possibleTypes(atom)) !== 0 || this.#prover.obstacle(p, atom) !== undefined,
    );
  }

  #arrays(p: Conjunction, q: Conjunction, depth: number): readonly Json[] {
    const found: Json[] = [];
    const lengths = new Set<number>();
    for (const { min, max, prefix } of [p.arrays, q.arrays]) {
      for (const length of [min, min - 1, max, max + 1, prefix, prefix + 1]) lengths.add(length);
    }
    for (const length of [0, 1, 2, 3]) lengths.add(length);
    const isUnique = p.arrays.unique;
    for (const length of lengths) {
      if (length < p.arrays.min || length > Math.min(p.arrays.max, MAX_LENGTH)) continue;
      const items = this.#items(p, length, isUnique, depth);
      if (items === undefined) continue;
      found.push(items);
      for (let index = 0; index < Math.min(length, 4); index++) {
        const [item, other] = [p.item(index), q.item(index)];
        if (!this.#differs(item, other) && q.arrays.contains.length === 0) continue;
        for (const value of this.#part(item, other, depth)) found.push(items.with(index, value));
      }
    }
    return found;
  }

  #items(p: Conjunction, length: number, isUnique: boolean, depth: number): Json[] | undefined {
    const items: Json[] = [];
    const wanted = p.arrays.contains.flatMap(({ node, min }) =>
      Array.from({ length: Math.min(min, 16) }, () => node),
    );
    for (let index = 0; index < length; index++) {
      const contained = wanted[index];
      const item = contained === undefined ? p.item(index) : p.item(index).and(contained);
      const choices = isUnique ? this.#part(item, item, depth) : [this.#base(item, depth)];
      const value = choices.find((choice) => choice !== undefined && !(isUnique && has(items, choice)));
      if (value === undefined) return undefined;
      items.push(value);
    }
    return items;
  }

  #objects(p: Conjunction, q: Conjunction, depth: number): readonly Json[] {
    if (p.required.size > MAX_REQUIRED) return [];
    const least: Record<string, Json> = {};
    for (const name of p.required) {
      const value = this.#base(propertyOf(this.#prover, p, name), depth);
      if (value === undefined) return [];
      setKey(least, name, value);
    }
    const patterns = [p, q].flatMap(({ atoms }) =>
      atoms.flatMap(({ objects }) => [...(objects?.patterns.keys() ?? [])]),
    );
    const possible = scalars(STRING, namesOf(p), namesOf(q)).filter((name) => typeof name === "string");
    const names = new Set([
      ...knownNames(q),
      ...knownNames(p),
      ...patterns.flatMap(samplesOf),
      "extra",
      ...(namesOf(p).atoms.length + namesOf(q).atoms.length > 0 ? possible : []),
    ]);
    const found: Json[] = [];
    const full: Record<string, Json> = { ...least };
    for (const name of [...names].slice(0, MAX_NAMES)) {
      const [mine, other] = [propertyOf(this.#prover, p, name), propertyOf(this.#prover, q, name)];
      const base = Object.hasOwn(least, name) ? least[name] : this.#base(mine, depth);
      if (base === undefined) continue;
      if (!this.#prover.isEmpty(mine)) setKey(full, name, base);
      if (!Object.hasOwn(least, name)) found.push(withKey(least, name, base));
      if (!this.#differs(mine, other)) continue;
      for (const value of this.#part(mine, other, depth)) found.push(withKey(least, name, value));
    }
    const most = [p, q].flatMap(({ atoms }) =>
      atoms.flatMap(({ objects }) => (objects === undefined ? [] : [objects.min, objects.max])),
    );
    const sizes = most
      .flatMap((size) => [size - 1, size, size + 1])
      .filter((size) => size >= 0 && size <= MAX_LENGTH);
    for (const size of sizes) found.push(sized(least, full, size));
    const withoutOne = Object.keys(full)
      .filter((name) => !Object.hasOwn(least, name))
      .map((name) => withoutKey(full, name));
    return [least, full, ...found, ...withoutOne.slice(0, MAX_NAMES)];
  }
}

class Distinct {
  readonly values: Json[] = [];
  readonly #seen = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.values.length >= this.#limit;
  }

  add(value: Json): void {
    if (this.isFull) return;
    const text = canonicalJson(value);
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    this.values.push(value);
  }
}

function has(items: readonly Json[], value: Json): boolean {
  const text = canonicalJson(value);
  return items.some((item) => canonicalJson(item) === text);
}

function withKey(object: Readonly<Record<string, Json>>, name: string, value: Json): Json {
  const copy = { ...object };
  setKey(copy, name, value);
  return copy;
}

function withoutKey(object: Readonly<Record<string, Json>>, name: string): Json {
  const copy = { ...object };
  Reflect.deleteProperty(copy, name);
  return copy;
}

/** Of so many properties, if there are names for them. */
function sized(
  least: Readonly<Record<string, Json>>,
  full: Readonly<Record<string, Json>>,
  size: number,
): Json {
  const copy = { ...least };
  for (const [name, value] of Object.entries(full))
    if (Object.keys(copy).length < size) setKey(copy, name, value);
  const some = Object.values(full)[0] ?? 0;
  for (let index = 1; Object.keys(copy).length < size; index++) setKey(copy, `extra${index}`, some);
  return copy;
}
