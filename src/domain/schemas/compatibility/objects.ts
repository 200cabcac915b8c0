/** Rules of objects. */

import type { Obstacle } from "../../../ports/schema-comparer.ts";
import { ANYTHING, type Conjunction, NOTHING } from "./conjunction.ts";
import { matches } from "./match.ts";
import type { Node, ObjectRules } from "./node.ts";
import { at } from "./pointer.ts";
import type { Prover } from "./prover.ts";
import { STRING } from "./types.ts";

export function objectObstacle(
  prover: Prover,
  a: Conjunction,
  rules: ObjectRules,
  b: Node,
): Obstacle | undefined {
  const place = (keyword: string, reason: string, sure = true): Obstacle => ({
    pointer: at(b.pointer, keyword),
    keyword,
    reason,
    sure,
  });
  for (const name of rules.required) {
    if (!a.required.has(name)) return place("required", `asks for ${JSON.stringify(name)}`);
  }
  for (const [name, node] of rules.properties) {
    const value = propertyOf(prover, a, name);
    const obstacle = prover.below(() => prover.obstacle(value, node));
    if (obstacle !== undefined) return obstacle;
  }
  const others = patternObstacle(prover, a, rules) ?? additionalObstacle(prover, a, rules);
  if (others !== undefined) return others;
  const dependent = dependentObstacle(prover, a, rules, place);
  if (dependent !== undefined) return dependent;
  if (!rules.names.trivial) {
    const obstacle = prover.below(() => prover.obstacle(namesOf(a), rules.names));
    const known = obstacle === undefined ? undefined : closedNames(prover, a);
    if (obstacle !== undefined && !known?.every((name) => prover.accepts(rules.names, name) === true)) {
      return { ...obstacle, sure: false };
    }
  }
  if (Math.max(least(a), a.required.size) < rules.min)
    return place("minProperties", "refuses smaller objects");
  if (rules.max === Number.POSITIVE_INFINITY || most(a) <= rules.max) return undefined;
  const names = closedNames(prover, a);
  return names !== undefined && names.length <= rules.max
    ? undefined
    : place("maxProperties", "refuses larger objects");
}

export function objectIsEmpty(prover: Prover, a: Conjunction): boolean {
  if (a.required.size > most(a) || least(a) > most(a)) return true;
  return [...a.required].some((name) => {
    const value = propertyOf(prover, a, name);
    return prover.below(() => prover.isEmpty(value));
  });
}

/** What holds of the property of a name, as far as it can be told which patterns the name matches. */
export function propertyOf(prover: Prover, a: Conjunction, name: string): Conjunction {
  const nodes: Node[] = [];
  for (const { objects } of a.atoms) {
    if (objects === undefined) continue;
    if (!objects.names.trivial && prover.accepts(objects.names, name) === false) return NOTHING;
    const property = objects.properties.get(name);
    if (property !== undefined) nodes.push(property);
    let isOther = property === undefined;
    prover.spend(objects.patterns.size / 4);
    for (const [pattern, node] of objects.patterns) {
      const matched = matches(pattern, name);
      if (matched === true) nodes.push(node);
      if (matched !== false) isOther = false;
    }
    if (isOther) nodes.push(objects.additional);
  }
  return ANYTHING.and(...nodes);
}

/** Names that any of the schemas speaks of. */
export function knownNames(a: Conjunction): ReadonlySet<string> {
  const names = new Set(a.required);
  for (const { objects } of a.atoms) for (const name of objects?.properties.keys() ?? []) names.add(name);
  for (const name of namesOf(a).values ?? []) if (typeof name === "string") names.add(name);
  return names;
}

function patternObstacle(prover: Prover, a: Conjunction, rules: ObjectRules): Obstacle | undefined {
  for (const [pattern, node] of rules.patterns) {
    const same = ANYTHING.and(...a.atoms.flatMap(({ objects }) => objects?.patterns.get(pattern) ?? []));
    if (prover.below(() => prover.obstacle(same, node)) === undefined) continue;
    for (const name of knownNames(a)) {
      if (matches(pattern, name) === false) continue;
      const value = propertyOf(prover, a, name);
      const obstacle = prover.below(() => prover.obstacle(value, node));
      if (obstacle !== undefined) return { ...obstacle, sure: false };
    }
    const obstacle = restObstacle(prover, a, node, new Map());
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

function additionalObstacle(prover: Prover, a: Conjunction, rules: ObjectRules): Obstacle | undefined {
  const { additional, properties, patterns } = rules;
  if (additional.trivial) return undefined;
  for (const name of knownNames(a)) {
    if (properties.has(name)) continue;
    const matched = [...patterns.keys()].map((pattern) => matches(pattern, name));
    if (matched.includes(true)) continue;
    const value = propertyOf(prover, a, name);
    const obstacle = prover.below(() => prover.obstacle(value, additional));
    if (obstacle !== undefined) {
      const isSure = obstacle.sure && !matched.includes(undefined);
      return { ...obstacle, reason: `${obstacle.reason}: property ${JSON.stringify(name)}`, sure: isSure };
    }
  }
  return restObstacle(prover, a, additional, patterns);
}

/** Whether a schema accepts the value of every name that nobody speaks of; those of some patterns do not matter. */
function restObstacle(
  prover: Prover,
  a: Conjunction,
  node: Node,
  exempt: ReadonlyMap<string, Node>,
): Obstacle | undefined {
  // Every name there can be is a known one.
  if (namesOf(a).values !== undefined) return undefined;
  const rules = a.atoms.flatMap(({ objects }) => objects ?? []);
  const free = ANYTHING.and(
    ...rules.filter(({ patterns }) => patterns.size === 0).map((rule) => rule.additional),
  );
  const obstacle = prover.below(() => prover.obstacle(free, node));
  if (obstacle === undefined) return undefined;
  const accepted = rules.some(
    ({ patterns, additional }) =>
      patterns.size > 0 &&
      [
        additional,
        ...[...patterns].flatMap(([pattern, value]) => (exempt.has(pattern) ? [] : [value])),
      ].every((value) => prover.below(() => prover.obstacle(free.and(value), node)) === undefined),
  );
  return accepted
    ? undefined
    : { ...obstacle, sure: obstacle.sure && rules.every((rule) => rule.patterns.size === 0) };
}

function dependentObstacle(
  prover: Prover,
  a: Conjunction,
  rules: ObjectRules,
  place: (keyword: string, reason: string) => Obstacle,
): Obstacle | undefined {
  for (const [name, others] of rules.dependentRequired) {
    const having = a.requiring(name);
    const missing = others.find((other) => !having.required.has(other));
    if (missing === undefined || prover.isEmpty(having)) continue;
    return place("dependentRequired", `asks for ${JSON.stringify(missing)} beside ${JSON.stringify(name)}`);
  }
  for (const [name, node] of rules.dependentSchemas) {
    const obstacle = prover.obstacle(a.requiring(name), node);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

/** The names that objects can have, where no others are possible. */
function closedNames(prover: Prover, a: Conjunction): readonly string[] | undefined {
  const rules = a.atoms.flatMap(({ objects }) => objects ?? []);
  const free = ANYTHING.and(
    ...rules.filter(({ patterns }) => patterns.size === 0).map((rule) => rule.additional),
  );
  const isClosed = namesOf(a).values !== undefined || prover.below(() => prover.isEmpty(free));
  if (!isClosed) return undefined;
  return [...knownNames(a)].filter((name) => {
    const value = propertyOf(prover, a, name);
    return !prover.below(() => prover.isEmpty(value));
  });
}

export function namesOf(a: Conjunction): Conjunction {
  return ANYTHING.only(STRING).and(...a.atoms.flatMap(({ objects }) => objects?.names ?? []));
}

function least(a: Conjunction): number {
  return Math.max(0, ...a.atoms.map(({ objects }) => objects?.min ?? 0));
}

function most(a: Conjunction): number {
  return Math.min(Number.POSITIVE_INFINITY, ...a.atoms.map(({ objects }) => objects?.max ?? Infinity));
}
