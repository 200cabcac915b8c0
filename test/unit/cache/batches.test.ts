import { describe, expect, it } from "vitest";
import {
  batchDeleteEntries,
  batchGetEntries,
  batchSetEntries,
  type Item,
} from "../../../src/domain/cache/batches.ts";
import { getEntry, setEntry } from "../../../src/domain/cache/entries.ts";
import { ServiceError } from "../../../src/errors.ts";
import { ResponseBudget } from "../../../src/rpc/budget.ts";
import { failure, fieldsOf, harness, text } from "./support.ts";

function outcome(item: Item<unknown>): unknown {
  if ("value" in item) return "ok";
  if (!(item.error instanceof ServiceError)) throw item.error;
  return item.error.violations[0]?.field ?? item.error.reason;
}

describe("a batch", () => {
  it("of gets answers in the order asked, each item on its own", async () => {
    const { cache } = harness();
    await setEntry(cache, text("a", "1"));
    const items = await batchGetEntries(
      cache,
      { namespace: "", keys: ["none", "a", "", "a"] },
      new ResponseBudget(),
    );
    expect(items.map(outcome)).toEqual(["ENTRY_NOT_FOUND", "ok", "keys[2]", "ok"]);
    expect(cache.stats).toEqual({ hits: 2, misses: 1 });
  });

  it("of gets says of each item past the answer's limit that it did not fit", async () => {
    const { cache } = harness();
    for (const key of ["a", "b", "c", "d"]) await setEntry(cache, text(key, "x".repeat(1024 * 1024)));
    const request = { namespace: "", keys: ["a", "b", "c", "d"] };
    const items = await batchGetEntries(cache, request, new ResponseBudget());
    expect(items.map(outcome)).toEqual(["ok", "ok", "TOO_LARGE", "TOO_LARGE"]);
  });

  it("of sets stores the good ones and names the bad fields by their place", async () => {
    const { cache } = harness();
    const items = await batchSetEntries(cache, [
      text("a", "1"),
      text("", "2", { ttlMs: 0 }),
      text("b", "3", { condition: "if_present" }),
      text("a", "4"),
    ]);
    expect(items.map(outcome)).toEqual(["ok", "requests[1].key", "CONDITION_NOT_MET", "ok"]);
    expect((await getEntry(cache, { namespace: "", key: "a" })).value).toEqual({ kind: "text", text: "4" });
  });

  it("of more sets than are in flight at once stores every one", async () => {
    const { cache } = harness();
    const requests = Array.from({ length: 1000 }, (_, index) => text(`k${index}`, String(index)));
    expect((await batchSetEntries(cache, requests)).every((item) => "value" in item)).toBe(true);
    const keys = requests.map(({ key }) => key);
    const got = await batchGetEntries(cache, { namespace: "", keys }, new ResponseBudget());
    expect(got.map((item) => "value" in item && item.value.value)).toEqual(
      requests.map(({ value }) => value),
    );
  });

  it("of deletes says of each key whether it was there", async () => {
    const { cache } = harness();
    await setEntry(cache, text("a", "1"));
    const items = await batchDeleteEntries(cache, { namespace: "", keys: ["a", "b", "\n", "a"] });
    expect(items).toMatchObject([{ value: true }, { value: false }, {}, { value: false }]);
    expect(items.map(outcome)).toEqual(["ok", "ok", "keys[2]", "ok"]);
  });

  it.each([0, 1001])("of %d items is refused", async (count) => {
    const { cache } = harness();
    const keys = Array.from({ length: count }, (_, index) => `k${index}`);
    const refused = [
      await failure(() => batchGetEntries(cache, { namespace: "", keys }, new ResponseBudget())),
      await failure(() => batchDeleteEntries(cache, { namespace: "", keys })),
      await failure(() =>
        batchSetEntries(
          cache,
          keys.map((key) => text(key, "")),
        ),
      ),
    ];
    expect(refused.map(fieldsOf)).toEqual([["keys"], ["keys"], ["requests"]]);
  });
});
