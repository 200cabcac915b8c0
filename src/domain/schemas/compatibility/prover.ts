/**
 * Shows that everything that one schema accepts is accepted by another, keyword by keyword. Never wrongly: what is
 * not shown has an obstacle. Documents are finite, so a claim may use itself for what lies deeper in the document.
 */
import type { Json } from "../../../json.ts";
import type { Obstacle } from "../../../ports/schema-comparer.ts";
import type { Alike } from "./alike.ts";
import { arrayIsEmpty, arrayObstacle } from "./arrays.ts";
import type { Budget } from "./budget.ts";
import { type Conjunction, possibleTypes } from "./conjunction.ts";
import { type Answer, type Evaluator, every } from "./evaluate.ts";
import type { Choice, Node } from "./node.ts";
import { objectIsEmpty, objectObstacle } from "./objects.ts";
import { at } from "./pointer.ts";
import { numberIsEmpty, numberObstacle, stringObstacle } from "./scalars.ts";
import { ARRAY, describeTypes, membersOf, NUMBER, OBJECT, STRING, type Types } from "./types.ts";

type Part = (a: Conjunction) => Obstacle | undefined;

/** How many choices are taken together in one argument. */
const MAX_SPLITS = 4;
/** Branches whose emptiness is looked at to find a whole choice empty. */
const MAX_EMPTY_BRANCHES = 32;

interface Claim {
  /** How deep in the document. */
  readonly level: number;
  readonly index: number;
}

export class Prover {
  readonly #budget: Budget;
  readonly #alike: Alike;
  readonly #evaluator: Evaluator;
  readonly #shown = new Map<string, Obstacle | undefined>();
  readonly #empty = new Map<string, boolean>();
  /** Claims that are being shown. */
  readonly #open = new Map<string, Claim>();
  #level = 0;
  /** Index of the outermost open claim that was used since it was last reset. */
  #used = Number.POSITIVE_INFINITY;

  constructor(budget: Budget, alike: Alike, evaluator: Evaluator) {
    this.#budget = budget;
    this.#alike = alike;
    this.#evaluator = evaluator;
  }

  /** What is in the way of `b` accepting all that `a` accepts; undefined when it does. Throws OutOfBudget. */
  obstacle(a: Conjunction, b: Node): Obstacle | undefined {
    this.#budget.spend(1 + a.weight);
    if (b.trivial || a.never || a.types === 0) return undefined;
    if (a.atoms.some((atom) => this.#alike.same(atom, b))) return undefined;
    const key = `${a.key}|${b.id}`;
    if (this.#shown.has(key)) return this.#shown.get(key);
    const open = this.#open.get(key);
    if (open !== undefined) {
      this.#used = Math.min(this.#used, open.index);
      return this.#level <= open.level ? circular(b) : undefined;
    }
    const { result, own } = this.#claim(key, () =>
      this.isEmpty(a) ? undefined : this.#judge(a.settled(), b),
    );
    // What rests on a claim that is still open is known only when that one is.
    if (own) this.#shown.set(key, result);
    return result;
  }

  /** True when no document is accepted; false where that is not seen. Throws OutOfBudget. */
  isEmpty(a: Conjunction): boolean {
    this.#budget.spend(1 + a.weight);
    if (a.never || a.types === 0) return true;
    const known = this.#empty.get(a.key);
    if (known !== undefined) return known;
    const key = `empty ${a.key}`;
    const open = this.#open.get(key);
    if (open !== undefined) {
      this.#used = Math.min(this.#used, open.index);
      return false;
    }
    const { result, own } = this.#claim(key, () => this.#looksEmpty(a.settled()));
    if (own) this.#empty.set(a.key, result);
    return result;
  }

  /** For what lies one level deeper in the document. */
  below<T>(work: () => T): T {
    this.#level++;
    try {
      return work();
    } finally {
      this.#level--;
    }
  }

  /** For work of others on its behalf. Throws OutOfBudget. */
  spend(steps: number): void {
    this.#budget.spend(steps);
  }

  accepts(node: Node, value: Json): Answer {
    return this.#evaluator.accepts(node, value);
  }

  /** Whether all of the schemas accept the value, and none of the others does. */
  holds(a: Conjunction, value: Json): Answer {
    return every([
      ...a.atoms.map((atom) => this.#evaluator.accepts(atom, value)),
      ...a.nots.map((node) => {
        const answer = this.#evaluator.accepts(node, value);
        return answer === undefined ? undefined : !answer;
      }),
    ]);
  }

  #claim<T>(key: string, work: () => T): { readonly result: T; readonly own: boolean } {
    const claim = { level: this.#level, index: this.#open.size };
    const before = this.#used;
    this.#used = Number.POSITIVE_INFINITY;
    this.#open.set(key, claim);
    try {
      const result = work();
      const own = this.#used >= claim.index;
      this.#used = own ? before : Math.min(before, this.#used);
      return { result, own };
    } finally {
      this.#open.delete(key);
    }
  }

  #judge(a: Conjunction, b: Node): Obstacle | undefined {
    const finite = this.#judgeValues(a, b);
    if (finite !== undefined) return finite.obstacle;
    for (const part of this.#partsOf(b)) {
      const obstacle = this.#prove(a, part, new Set());
      if (obstacle !== undefined) return obstacle;
    }
    return undefined;
  }

  /** By trying each value, where there are few; undefined where that does not decide. */
  #judgeValues(a: Conjunction, b: Node): { readonly obstacle: Obstacle | undefined } | undefined {
    if (a.values === undefined) return undefined;
    let isDecided = true;
    for (const value of a.values) {
      const accepted = this.#evaluator.accepts(b, value);
      if (accepted === true) continue;
      const held = this.holds(a, value);
      if (held === false) continue;
      if (held === true && accepted === false && b.values !== undefined) {
        return { obstacle: place(b, b.values.length === 1 ? "const" : "enum", "refuses a value", true) };
      }
      isDecided = false;
    }
    return isDecided ? { obstacle: undefined } : undefined;
  }

  #partsOf(b: Node): readonly Part[] {
    if (b.never)
      return [() => ({ pointer: b.pointer, keyword: "", reason: "nothing is accepted", sure: true })];
    const parts: Part[] = [(a) => this.#typeObstacle(a, b)];
    if (b.values !== undefined) parts.push((a) => this.#valuesObstacle(a, b));
    const typed = (types: Types, part: Part): Part => {
      return (a) => {
        const only = a.only(types).settled();
        return this.isEmpty(only) ? undefined : part(only);
      };
    };
    const { numbers, strings, arrays, objects } = b;
    if (numbers !== undefined) parts.push(typed(NUMBER, (a) => numberObstacle(a, numbers, b)));
    if (strings !== undefined) parts.push(typed(STRING, (a) => stringObstacle(a, strings, b)));
    if (arrays !== undefined) parts.push(typed(ARRAY, (a) => arrayObstacle(this, a, arrays, b)));
    if (objects !== undefined) parts.push(typed(OBJECT, (a) => objectObstacle(this, a, objects, b)));
    for (const other of b.allOf) parts.push((a) => this.obstacle(a, other));
    const { reference, not } = b;
    if (reference !== undefined) parts.push((a) => this.obstacle(a, reference()));
    for (const choice of b.choices) parts.push((a) => this.#choiceObstacle(a, choice, b));
    if (not !== undefined) parts.push((a) => this.#notObstacle(a, not, b));
    for (const keyword of b.opaque) {
      parts.push(() => place(b, keyword, "is not judged unless all is the same", false));
    }
    return parts;
  }

  /** By itself, or in each of the ways that a choice of `a` leaves. */
  #prove(a: Conjunction, part: Part, tried: ReadonlySet<Choice>): Obstacle | undefined {
    const obstacle = part(a);
    if (obstacle === undefined || a.choices.length === 0 || tried.size >= MAX_SPLITS) return obstacle;
    const now = new Set(tried);
    for (const choice of a.choices) {
      if (now.has(choice)) continue;
      now.add(choice);
      if (
        this.#waysOf(a, choice).every((way) => this.isEmpty(way) || !this.#prove(way.settled(), part, now))
      ) {
        return undefined;
      }
      if (now.size >= MAX_SPLITS) break;
    }
    return { ...obstacle, sure: false };
  }

  #waysOf(a: Conjunction, choice: Choice): readonly Conjunction[] {
    if (choice.kind !== "if") {
      const { length } = choice.branches;
      this.#budget.spend(choice.kind === "oneOf" ? length * length : length);
    }
    return a.ways(choice);
  }

  #typeObstacle(a: Conjunction, b: Node): Obstacle | undefined {
    const refused = membersOf(a.types & ~possibleTypes(b)).filter((type) => !this.isEmpty(a.only(type)));
    if (refused.length === 0) return undefined;
    const types = refused.reduce((set, type) => set | type, 0);
    const keyword = (types & ~b.types) === 0 ? keywordOfTypes(b) : "type";
    return place(b, keyword, `refuses ${describeTypes(types)}`, true);
  }

  #valuesObstacle(a: Conjunction, b: Node): Obstacle | undefined {
    const values = b.values ?? [];
    const keyword = values.length === 1 ? "const" : "enum";
    for (const type of membersOf(a.types)) {
      const only = a.only(type);
      if (this.isEmpty(only)) continue;
      if (only.values === undefined) return place(b, keyword, "accepts certain values only", true);
      const own: Node = { ...b, allOf: [], choices: [], opaque: [], not: undefined, reference: undefined };
      for (const value of only.values) {
        const held = this.holds(only, value);
        if (held === false || isOneOf(this.#evaluator, own, value)) continue;
        return place(b, keyword, "refuses a value", held === true);
      }
    }
    return undefined;
  }

  #choiceObstacle(a: Conjunction, choice: Choice, b: Node): Obstacle | undefined {
    if (choice.kind === "if") {
      return this.obstacle(a.and(choice.if), choice.met) ?? this.obstacle(a.butNot(choice.if), choice.unmet);
    }
    const { kind, branches } = choice;
    const fits = (branch: Node, whole: Conjunction) =>
      this.obstacle(whole, branch) === undefined &&
      (kind === "anyOf" || branches.every((other) => other === branch || this.isEmpty(whole.and(other))));
    if (branches.some((branch) => fits(branch, a))) return undefined;
    const members = membersOf(a.types);
    const covered =
      members.length > 1 &&
      members.every((type) => {
        const only = a.only(type);
        return this.isEmpty(only) || branches.some((branch) => fits(branch, only));
      });
    if (covered) return undefined;
    const [single] = branches;
    const obstacle = branches.length === 1 && single !== undefined ? this.obstacle(a, single) : undefined;
    if (obstacle !== undefined) return obstacle;
    const one = kind === "anyOf" ? "no branch" : "no branch, and it alone,";
    return place(b, kind, `${one} is known to accept all that is accepted on the other side`, false);
  }

  #notObstacle(a: Conjunction, not: Node, b: Node): Obstacle | undefined {
    if (this.isEmpty(a.and(not))) return undefined;
    const sure = this.obstacle(a, not) === undefined;
    return place(b, "not", "refuses what it describes", sure);
  }

  #looksEmpty(a: Conjunction): boolean {
    if (a.values?.every((value) => this.holds(a, value) === false) === true) return true;
    const [single, ...others] = membersOf(a.types);
    if (single !== undefined && others.length === 0) return this.#typeLooksEmpty(a, single);
    return membersOf(a.types).every((type) => this.isEmpty(a.only(type)));
  }

  #typeLooksEmpty(a: Conjunction, type: Types): boolean {
    if ((type & NUMBER) !== 0 && numberIsEmpty(a, type)) return true;
    if (type === STRING && a.strings.min > a.strings.max) return true;
    if (type === ARRAY && arrayIsEmpty(this, a)) return true;
    if (type === OBJECT && objectIsEmpty(this, a)) return true;
    if (a.nots.some((not) => (a.types & ~possibleTypes(not)) === 0 && this.obstacle(a, not) === undefined)) {
      return true;
    }
    return a.choices.some(
      (choice) =>
        (choice.kind === "if" || choice.branches.length <= MAX_EMPTY_BRANCHES) &&
        this.#waysOf(a, choice).every((way) => this.isEmpty(way)),
    );
  }
}

function isOneOf(evaluator: Evaluator, node: Node, value: Json): boolean {
  const bare = { ...node, numbers: undefined, strings: undefined, arrays: undefined, objects: undefined };
  return evaluator.accepts(bare, value) === true;
}

/** The keyword that takes types away where `type` itself does not. */
function keywordOfTypes(b: Node): string {
  if (b.values !== undefined) return b.values.length === 1 ? "const" : "enum";
  if (b.reference !== undefined) return "$ref";
  return b.choices.find(({ kind }) => kind !== "if")?.kind ?? (b.allOf.length > 0 ? "allOf" : "type");
}

export function place(b: Node, keyword: string, reason: string, sure: boolean): Obstacle {
  return { pointer: at(b.pointer, keyword), keyword, reason, sure };
}

function circular(b: Node): Obstacle {
  return { pointer: b.pointer, keyword: "$ref", reason: "leads back to itself", sure: false };
}
