/** Whether a schema accepts a value, where that can be told without running patterns and formats. */
import { canonicalJson } from "../../../canonical.ts";
import { isObject, type Json, type JsonObject } from "../../../json.ts";
import type { Budget } from "./budget.ts";
import { matches } from "./match.ts";
import type { ArrayRules, Choice, Node, NumberRules, ObjectRules, StringRules } from "./node.ts";
import { typeOf } from "./types.ts";

/** Undefined = cannot tell. */
export type Answer = boolean | undefined;

/** References at one place that lead on to each other; more than a sane schema has. */
const MAX_DEPTH = 64;

export class Evaluator {
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  accepts(node: Node, value: Json, depth = 0): Answer {
    this.#budget.spend();
    if (node.trivial) return true;
    if (node.never || (node.types & typeOf(value)) === 0) return false;
    if (depth > MAX_DEPTH) return undefined;
    const next = (other: Node, inner: Json = value) => this.accepts(other, inner, depth + 1);
    const answers: Answer[] = [
      node.values === undefined || this.#isOneOf(node.values, value),
      node.opaque.length === 0 ? true : undefined,
      ...node.allOf.map((other) => next(other)),
      ...node.choices.map((choice) => choose(choice, next)),
    ];
    if (node.not !== undefined) answers.push(negation(next(node.not)));
    if (node.reference !== undefined) answers.push(next(node.reference()));
    if (typeof value === "number" && node.numbers !== undefined) answers.push(number(node.numbers, value));
    if (typeof value === "string" && node.strings !== undefined) answers.push(text(node.strings, value));
    if (Array.isArray(value) && node.arrays !== undefined) answers.push(array(node.arrays, value, next));
    if (isObject(value) && node.objects !== undefined) answers.push(object(node.objects, value, next));
    return every(answers);
  }

  #isOneOf(values: readonly Json[], value: Json): boolean {
    this.#budget.spend(values.length / 8);
    if (typeof value !== "object" || value === null) return values.includes(value);
    const written = canonicalJson(value);
    return values.some((other) => typeof other === "object" && canonicalJson(other) === written);
  }
}

type Next = (node: Node, value?: Json) => Answer;

export function every(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}

function negation(answer: Answer): Answer {
  return answer === undefined ? undefined : !answer;
}

function some(answers: readonly Answer[]): Answer {
  return negation(every(answers.map(negation)));
}

function choose(choice: Choice, next: Next): Answer {
  if (choice.kind === "if") {
    const condition = next(choice.if);
    if (condition === undefined) {
      const [then, otherwise] = [next(choice.met), next(choice.unmet)];
      return then === otherwise ? then : undefined;
    }
    return next(condition ? choice.met : choice.unmet);
  }
  const answers = choice.branches.map((branch) => next(branch));
  if (choice.kind === "anyOf") return some(answers);
  const accepted = answers.filter((answer) => answer === true).length;
  if (accepted > 1) return false;
  return answers.includes(undefined) ? undefined : accepted === 1;
}

function number({ lower, upper, multipleOf }: NumberRules, value: number): Answer {
  const above = value > lower.value || (value === lower.value && !lower.exclusive);
  const below = value < upper.value || (value === upper.value && !upper.exclusive);
  return above && below && (multipleOf === undefined ? true : isMultiple(value, multipleOf));
}

/** Of whole numbers only: how far a division of fractions may be off is the validator's to say. */
function isMultiple(value: number, of: number): Answer {
  return Number.isSafeInteger(value) && Number.isSafeInteger(of) ? value % of === 0 : undefined;
}

function text({ min, max, pattern, format }: StringRules, value: string): Answer {
  const length = lengthOf(value);
  if (length < min || length > max) return false;
  if (pattern !== undefined) {
    const answer = matches(pattern, value);
    if (answer !== true) return answer;
  }
  return format === undefined ? true : undefined;
}

/** In characters, as JSON Schema counts. */
export function lengthOf(value: string): number {
  return Array.from(value).length;
}

function array(rules: ArrayRules, value: readonly Json[], next: Next): Answer {
  const { prefix, rest, min, max, unique, contains } = rules;
  if (value.length < min || value.length > max) return false;
  if (unique && new Set(value.map(canonicalJson)).size < value.length) return false;
  const answers = value.map((item, index) => next(prefix[index] ?? rest, item));
  if (contains !== undefined) {
    const found = value.map((item) => next(contains.node, item));
    const least = found.filter((answer) => answer === true).length;
    const most = least + found.filter((answer) => answer === undefined).length;
    if (most < contains.min || least > contains.max) answers.push(false);
    else if (least < contains.min || most > contains.max) answers.push(undefined);
  }
  return every(answers);
}

function object(rules: ObjectRules, value: JsonObject, next: Next): Answer {
  const names = Object.keys(value);
  if (names.length < rules.min || names.length > rules.max) return false;
  if (!rules.required.every((name) => Object.hasOwn(value, name))) return false;
  const answers: Answer[] = [];
  for (const [name, others] of rules.dependentRequired) {
    if (Object.hasOwn(value, name)) answers.push(others.every((other) => Object.hasOwn(value, other)));
  }
  for (const [name, node] of rules.dependentSchemas) {
    if (Object.hasOwn(value, name)) answers.push(next(node));
  }
  for (const [name, child] of Object.entries(value)) {
    answers.push(next(rules.names, name));
    const property = rules.properties.get(name);
    if (property !== undefined) answers.push(next(property, child));
    let known: Answer = property !== undefined;
    for (const [pattern, node] of rules.patterns) {
      const matched = matches(pattern, name);
      if (matched === true) answers.push(next(node, child));
      else if (matched === undefined && next(node, child) !== true) answers.push(undefined);
      if (matched !== false) known = known === true || matched;
    }
    if (known === false) answers.push(next(rules.additional, child));
    else if (known === undefined && next(rules.additional, child) !== true) answers.push(undefined);
  }
  return every(answers);
}
