/** What holds of a document at one place: it is accepted by some schemas and refused by others. */
import { canonicalJson } from "../../../canonical.ts";
import type { Json } from "../../../json.ts";
import { type Choice, type ContainsRule, NO_LOWER, NO_UPPER, type Node, type NumberRules } from "./node.ts";
import { higher, lower } from "./rules.ts";
import { ALL, BOOLEAN, INTEGER, NULL, OBJECT, type Types, typeOf } from "./types.ts";

/** So far are schemas followed that bring along each other. Fewer than there are make a claim harder to show, not wrong. */
const MAX_BROUGHT = 16;

/** So many integers are looked at one by one. */
const FEW = 64;

interface Facts {
  readonly atoms: readonly Node[];
  readonly nots: readonly Node[];
  readonly types: Types;
  readonly required: readonly string[];
  /** Ways that were taken already. */
  readonly taken: ReadonlySet<Choice>;
  /** Nothing is accepted. */
  readonly never: boolean;
}

export class Conjunction {
  readonly #facts: Facts;
  readonly key: string;

  constructor(facts: Facts) {
    this.#facts = facts;
    const ids = (nodes: readonly Node[]) => nodes.map(({ id }) => id).join();
    const taken =
      facts.taken.size === 0
        ? ""
        : [...facts.taken]
            .map(({ id }) => id)
            .sort()
            .join();
    this.key = facts.never
      ? "never"
      : `${ids(facts.atoms)} ${ids(facts.nots)} ${facts.types} ${facts.required.join("\n")} ${taken}`;
  }

  /** All schemas that accept it, those that they refer to or merge included. */
  get atoms(): readonly Node[] {
    return this.#facts.atoms;
  }

  get nots(): readonly Node[] {
    return this.#facts.nots;
  }

  get types(): Types {
    return this.#facts.types;
  }

  get never(): boolean {
    return this.#facts.never;
  }

  get choices(): readonly Choice[] {
    return this.atoms.flatMap(({ choices }) => choices.filter((choice) => !this.#facts.taken.has(choice)));
  }

  and(...nodes: readonly Node[]): Conjunction {
    const atoms = new Set(this.atoms);
    const nots = new Set(this.nots);
    let { types } = this;
    let never = this.never;
    const stack = [...nodes];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (node.trivial || atoms.has(node)) continue;
      if (node.never) never = true;
      atoms.add(node);
      if (node.not !== undefined) nots.add(node.not);
      if (node.not?.trivial) never = true;
      types &= possibleTypes(node);
      stack.push(...node.allOf);
      if (node.reference !== undefined) stack.push(node.reference());
    }
    if (atoms.size === this.atoms.length && !never) return this;
    return this.#with({ atoms: byId(atoms), nots: byId(nots), types, never });
  }

  butNot(...nodes: readonly Node[]): Conjunction {
    const nots = byId(new Set([...this.nots, ...nodes]));
    return this.#with({ nots, never: this.never || nodes.some(({ trivial }) => trivial) });
  }

  only(types: Types): Conjunction {
    return (this.types & types) === this.types ? this : this.#with({ types: this.types & types });
  }

  requiring(name: string): Conjunction {
    if (this.required.has(name)) return this;
    return this.#with({ required: [...this.#facts.required, name].sort() }).settled();
  }

  /** With the schemas that required properties bring along. */
  settled(): Conjunction {
    this.#settled ??= this.#settle();
    return this.#settled;
  }

  #settled: Conjunction | undefined;

  #settle(): Conjunction {
    let settled: Conjunction = this;
    let before: Conjunction | undefined;
    for (let step = 0; before !== settled && settled.types === OBJECT && step < MAX_BROUGHT; step++) {
      before = settled;
      const { required } = before;
      const brought = before.atoms.flatMap(({ objects }) =>
        (objects?.dependentSchemas ?? []).flatMap(([name, node]) => (required.has(name) ? [node] : [])),
      );
      settled = before.and(...brought);
    }
    return settled;
  }

  /** How much it takes to work with it, in steps. */
  get weight(): number {
    const { atoms, nots, required, taken } = this.#facts;
    return (atoms.length + nots.length + required.length + taken.size) / 4;
  }

  /** The ways that a choice leaves, the first `limit` of them; all of them together are the whole. */
  ways(choice: Choice, limit = Number.POSITIVE_INFINITY): readonly Conjunction[] {
    const rest = this.#with({ taken: new Set([...this.#facts.taken, choice]) });
    if (choice.kind === "if") {
      return [rest.and(choice.if, choice.met), rest.butNot(choice.if).and(choice.unmet)];
    }
    return choice.branches.slice(0, limit).map((branch, index) => {
      const others = choice.kind === "oneOf" ? choice.branches.filter((_, other) => other !== index) : [];
      return rest.and(branch).butNot(...others);
    });
  }

  #with(facts: Partial<Facts>): Conjunction {
    return new Conjunction({ ...this.#facts, ...facts });
  }

  // What the atoms say together, by type. Computed when first asked for.

  #required: ReadonlySet<string> | undefined;
  get required(): ReadonlySet<string> {
    this.#required ??= this.#requiredNames();
    return this.#required;
  }

  #requiredNames(): ReadonlySet<string> {
    const names = new Set(this.#facts.required);
    for (const { objects } of this.atoms) for (const name of objects?.required ?? []) names.add(name);
    const dependent = this.atoms.flatMap(({ objects }) => objects?.dependentRequired ?? []);
    if (dependent.length === 0) return names;
    const brought = Map.groupBy(dependent, ([name]) => name);
    // What is added while a set is walked is walked too.
    for (const name of names) {
      for (const [, others] of brought.get(name) ?? []) for (const other of others) names.add(other);
    }
    return names;
  }

  #values: readonly Json[] | undefined | null = null;
  /** The values that are possible at all, if they are few enough to name: of `enum`, `const`, null and booleans. */
  get values(): readonly Json[] | undefined {
    if (this.#values === null) this.#values = this.#possibleValues();
    return this.#values;
  }

  #possibleValues(): readonly Json[] | undefined {
    const lists = this.atoms.flatMap(({ values }) => (values === undefined ? [] : [values]));
    const [first, ...others] = lists;
    if (first === undefined) {
      const integers = (this.types & INTEGER) === 0 ? [] : this.#fewIntegers();
      if (integers === undefined) return undefined;
      const named = [null, false, true].filter((value) => (typeOf(value) & this.types) !== 0);
      return (this.types & ~(NULL | BOOLEAN | INTEGER)) === 0 ? [...named, ...integers] : undefined;
    }
    const sets = others.map((values) => new Set(values.map(canonicalJson)));
    return first.filter(
      (value) =>
        (typeOf(value) & this.types) !== 0 &&
        (sets.length === 0 || sets.every((set) => set.has(canonicalJson(value)))),
    );
  }

  #fewIntegers(): readonly number[] | undefined {
    const least = Math.ceil(this.numbers.lower.value);
    const most = Math.floor(this.numbers.upper.value);
    if (!(Number.isSafeInteger(least) && Number.isSafeInteger(most) && most - least < FEW)) return undefined;
    return Array.from({ length: Math.max(0, most - least + 1) }, (_, index) => least + index);
  }

  #numbers: (Omit<NumberRules, "multipleOf"> & { readonly multiples: readonly number[] }) | undefined;
  get numbers(): Omit<NumberRules, "multipleOf"> & { readonly multiples: readonly number[] } {
    const rules = this.atoms.flatMap(({ numbers }) => numbers ?? []);
    this.#numbers ??= {
      lower: rules.reduce((bound, rule) => higher(bound, rule.lower), NO_LOWER),
      upper: rules.reduce((bound, rule) => lower(bound, rule.upper), NO_UPPER),
      multiples: rules.flatMap(({ multipleOf }) => multipleOf ?? []),
    };
    return this.#numbers;
  }

  get strings(): {
    readonly min: number;
    readonly max: number;
    readonly patterns: readonly string[];
    readonly formats: readonly string[];
  } {
    const rules = this.atoms.flatMap(({ strings }) => strings ?? []);
    return {
      min: Math.max(0, ...rules.map(({ min }) => min)),
      max: Math.min(Number.POSITIVE_INFINITY, ...rules.map(({ max }) => max)),
      patterns: rules.flatMap(({ pattern }) => pattern ?? []),
      formats: rules.flatMap(({ format }) => format ?? []),
    };
  }

  get arrays(): {
    readonly min: number;
    readonly max: number;
    readonly unique: boolean;
    readonly contains: readonly ContainsRule[];
    /** How many items have schemas of their own. */
    readonly prefix: number;
  } {
    const rules = this.atoms.flatMap(({ arrays }) => arrays ?? []);
    const contains = rules.flatMap((rule) => rule.contains ?? []);
    return {
      min: Math.max(0, ...rules.map(({ min }) => min), ...contains.map(({ min }) => min)),
      max: Math.min(Number.POSITIVE_INFINITY, ...rules.map(({ max }) => max)),
      unique: rules.some(({ unique }) => unique),
      contains,
      prefix: Math.max(0, ...rules.map(({ prefix }) => prefix.length)),
    };
  }

  /** What holds of the item at an index. */
  item(index: number): Conjunction {
    return ANYTHING.and(...this.atoms.flatMap(({ arrays }) => arrays?.prefix[index] ?? arrays?.rest ?? []));
  }

  /** What holds of every item after those with schemas of their own. */
  get rest(): Conjunction {
    return ANYTHING.and(...this.atoms.flatMap(({ arrays }) => arrays?.rest ?? []));
  }
}

function byId(nodes: ReadonlySet<Node>): readonly Node[] {
  return [...nodes].sort((a, b) => a.id - b.id);
}

export const ANYTHING = new Conjunction({
  atoms: [],
  nots: [],
  types: ALL,
  required: [],
  taken: new Set(),
  never: false,
});

export const NOTHING = new Conjunction({
  atoms: [],
  nots: [],
  types: 0,
  required: [],
  taken: new Set(),
  never: true,
});

const possible = new WeakMap<Node, Types>();

/** The types of all that a schema can accept, references and choices taken into account; never too few. */
export function possibleTypes(node: Node): Types {
  const known = possible.get(node);
  if (known !== undefined) return known;
  // A schema on the way to itself adds nothing.
  possible.set(node, ALL);
  let types = node.types;
  if (node.values !== undefined) types &= node.values.reduce<Types>((set, value) => set | typeOf(value), 0);
  for (const other of node.allOf) types &= possibleTypes(other);
  if (node.reference !== undefined) types &= possibleTypes(node.reference());
  for (const choice of node.choices) {
    if (choice.kind === "if") continue;
    types &= choice.branches.reduce<Types>((set, branch) => set | possibleTypes(branch), 0);
  }
  possible.set(node, types);
  return types;
}
