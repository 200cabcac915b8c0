/** Rules of arrays. */

import type { Obstacle } from "../../../ports/schema-comparer.ts";
import { ANYTHING, type Conjunction } from "./conjunction.ts";
import type { ArrayRules, ContainsRule, Node } from "./node.ts";
import { at } from "./pointer.ts";
import type { Prover } from "./prover.ts";

export function arrayObstacle(
  prover: Prover,
  a: Conjunction,
  rules: ArrayRules,
  b: Node,
): Obstacle | undefined {
  const place = (keyword: string, reason: string, sure = true): Obstacle => ({
    pointer: at(b.pointer, keyword),
    keyword,
    reason,
    sure,
  });
  const { min, max, unique } = a.arrays;
  const length = Math.max(a.arrays.prefix, rules.prefix.length);
  for (let index = 0; index < length; index++) {
    if (index >= max) break;
    const item = a.item(index);
    const obstacle = prover.below(() => prover.obstacle(item, rules.prefix[index] ?? rules.rest));
    if (obstacle !== undefined) return obstacle;
  }
  const obstacle = max > length ? prover.below(() => prover.obstacle(a.rest, rules.rest)) : undefined;
  if (obstacle !== undefined) return obstacle;
  if (min < rules.min) return place("minItems", "refuses shorter arrays");
  if (longest(prover, a) > rules.max) return place("maxItems", "refuses longer arrays");
  if (rules.unique && !unique && longest(prover, a) > 1) {
    return place("uniqueItems", "refuses arrays with equal items");
  }
  const { contains } = rules;
  if (contains === undefined) return undefined;
  return hasEnough(prover, a, contains) && hasFew(prover, a, contains)
    ? undefined
    : place("contains", "refuses arrays by how many items of a kind they have", false);
}

export function arrayIsEmpty(prover: Prover, a: Conjunction): boolean {
  const { min, max } = a.arrays;
  return min > max || longest(prover, a) < min;
}

/** How long an array can be, at most: it ends before the first item that nothing can be. */
function longest(prover: Prover, a: Conjunction): number {
  const { max, prefix } = a.arrays;
  for (let index = 0; index < prefix; index++) {
    if (index >= max) return max;
    const item = a.item(index);
    if (prover.below(() => prover.isEmpty(item))) return index;
  }
  return prover.below(() => prover.isEmpty(a.rest)) ? Math.min(max, prefix) : max;
}

function hasEnough(prover: Prover, a: Conjunction, { node, min }: ContainsRule): boolean {
  if (min === 0) return true;
  const isPromised = a.arrays.contains.some(
    (rule) => rule.min >= min && prover.below(() => prover.obstacle(alone(rule.node), node)) === undefined,
  );
  if (isPromised) return true;
  if (a.arrays.min < min) return false;
  for (let index = 0; index < Math.min(min, a.arrays.prefix); index++) {
    const item = a.item(index);
    if (prover.below(() => prover.obstacle(item, node)) !== undefined) return false;
  }
  return min <= a.arrays.prefix || prover.below(() => prover.obstacle(a.rest, node)) === undefined;
}

function hasFew(prover: Prover, a: Conjunction, { node, max }: ContainsRule): boolean {
  if (a.arrays.max <= max) return true;
  return a.arrays.contains.some(
    (rule) => rule.max <= max && prover.below(() => prover.obstacle(alone(node), rule.node)) === undefined,
  );
}

function alone(node: Node): Conjunction {
  return ANYTHING.and(node);
}
