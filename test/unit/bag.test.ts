import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bag } from "../../src/bag.ts";

describe("a bag", () => {
  it("holds what was put in and not taken out, as a set does", () => {
    const step = fc.record({ add: fc.boolean(), item: fc.nat({ max: 8 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const items = Array.from({ length: 9 }, () => ({ place: 0 }));
        const bag = new Bag<{ place: number }>();
        const set = new Set<{ place: number }>();
        for (const { add, item: at } of steps) {
          const item = items[at];
          if (item === undefined) continue;
          if (!add) bag.delete(item);
          else if (!set.has(item)) bag.add(item);
          if (add) set.add(item);
          else set.delete(item);
          expect(new Set(bag)).toEqual(set);
          expect(bag.size).toBe(set.size);
        }
      }),
    );
  });

  it("is told in full however it changes meanwhile", () => {
    const bag = new Bag<{ place: number }>();
    for (let n = 0; n < 5; n++) bag.add({ place: 0 });
    let told = 0;
    for (const item of bag) {
      bag.delete(item);
      told++;
    }
    expect([told, bag.size]).toEqual([5, 0]);
  });
});
