import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeptDocuments } from "../../../src/consistency/kept-documents.ts";
import type { Hit } from "../../../src/ports/hot-store.ts";

function hit(key: string, revision: number, text = ""): Hit {
  return { kind: "hit", value: JSON.stringify({ key, revision, text }), revision, ttlMs: 1 };
}

describe("the documents of hot texts", () => {
  it("are what the text says, whatever was read before", () => {
    const read = fc.record({
      key: fc.constantFrom("a", "b", "c"),
      revision: fc.nat({ max: 2 }),
      text: fc.constantFrom("", "x", "y".repeat(20_000)),
    });
    fc.assert(
      fc.property(fc.array(read, { maxLength: 40 }), (reads) => {
        const documents = new KeptDocuments();
        for (const { key, revision, text } of reads) {
          expect(documents.parse(key, hit(key, revision, text)).document).toEqual({ key, revision, text });
        }
      }),
    );
  });

  it("that come again are one and the same object, and another one once the text has changed", () => {
    const documents = new KeptDocuments();
    const reads = [1, 1, 1, 2, 2, 2].map((revision) => documents.parse("a", hit("a", revision)));
    expect(reads.map(({ kept }) => kept)).toEqual([false, true, true, false, true, true]);
    expect(reads[2]?.document).toBe(reads[1]?.document);
    expect(reads[4]?.document).not.toBe(reads[2]?.document);
  });

  it("that are long, or come once only, are not kept", () => {
    const documents = new KeptDocuments();
    const long = hit("long", 1, "x".repeat(20_000));
    const all = [long, long, long, ...Array.from({ length: 20_000 }, (_, n) => hit(`k${n}`, 1))];
    const kept = all.filter(
      (each) => documents.parse((JSON.parse(each.value) as { key: string }).key, each).kept,
    );
    expect(kept.length).toBe(0);
  });

  it("are forgotten when others have taken their room", () => {
    const documents = new KeptDocuments();
    const first = hit("first", 1);
    documents.parse("first", first);
    const { document } = documents.parse("first", first);
    for (let n = 0; n < 1_000; n++) {
      const other = hit(`k${n}`, 1, "x".repeat(10_000));
      expect(documents.parse(`k${n}`, other).kept).toBe(false);
      expect(documents.parse(`k${n}`, other).kept).toBe(true);
    }
    expect(documents.parse("first", first).document).not.toBe(document);
  });
});
