import type { Budget } from "./budget.ts";
import type { Node } from "./node.ts";

/** Whether two schemas are written alike, up to annotations, and so mean the same. */
export class Alike {
  readonly #budget: Budget;
  readonly #known = new Map<string, boolean>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  same(a: Node, b: Node): boolean {
    if (a === b) return true;
    if (a.form === undefined || a.form.number !== b.form?.number) return false;
    if (!a.form.refers) return true;
    const key = `${a.id} ${b.id}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const same = this.#followed(a, b);
    this.#known.set(key, same);
    return same;
  }

  /** Equal text with references: what they lead to has to be alike as well, and so on. */
  #followed(a: Node, b: Node): boolean {
    const seen = new Set<string>();
    const stack: [Node, Node][] = [[a, b]];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      this.#budget.spend();
      const [x, y] = next;
      if (x === y) continue;
      if (x.form === undefined || x.form.number !== y.form?.number) return false;
      if (!x.form.refers) continue;
      const key = `${x.id} ${y.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if ([...x.opaque, ...y.opaque].some((keyword) => keyword.endsWith("ef"))) return false;
      if (x.reference !== undefined && y.reference !== undefined) stack.push([x.reference(), y.reference()]);
      for (const [index, inside] of x.form.inside.entries()) {
        const other = y.form.inside[index];
        if (other === undefined) return false;
        stack.push([inside, other]);
      }
    }
    return true;
  }
}
