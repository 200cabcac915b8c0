import { describe, expect, it } from "vitest";
import { canonicalJson, sha256Hex } from "../../../src/canonical.ts";
import { decodePageToken, encodePageToken, pageSize } from "../../../src/domain/paging.ts";
import {
  checkJson,
  checkName,
  checkRequestId,
  checkText,
  Violations,
} from "../../../src/domain/validation.ts";
import { ServiceError } from "../../../src/errors.ts";
import type { Json } from "../../../src/json.ts";
import { ResponseBudget } from "../../../src/rpc/budget.ts";

function failure(work: () => unknown): ServiceError {
  try {
    work();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error("the work was to fail");
}

describe("violations", () => {
  it("are thrown all at once, under the fields' full names", () => {
    const v = new Violations("requests[3].");
    v.check(true, "good", "is never said");
    v.add("kind", "must be set");
    v.check(false, "data", "must be small");
    expect(failure(() => v.throwIfAny())).toMatchObject({
      kind: "invalid_argument",
      reason: "INVALID_FIELD",
      violations: [
        { field: "requests[3].kind", description: "must be set" },
        { field: "requests[3].data", description: "must be small" },
      ],
    });
  });

  it("that nobody found throw nothing", () => {
    expect(() => new Violations().throwIfAny()).not.toThrow();
  });
});

describe("a name", () => {
  it.each(["a", "A9", "import:2024.01_x%20-y", "x".repeat(128)])("%s is good", (name) => {
    expect(checkName(new Violations(), "kind", name)).toBe(true);
  });

  it.each(["", ".a", "a b", "a/b", "é", "a\n", "x".repeat(129), "{a}"])("%j is not", (name) => {
    expect(checkName(new Violations(), "kind", name)).toBe(false);
  });

  it("may be left empty where it is optional", () => {
    expect(checkName(new Violations(), "group", "", { optional: true })).toBe(true);
  });
});

describe("text", () => {
  it("counts characters and not code units", () => {
    expect(checkText(new Violations(), "note", "😀".repeat(10), 10)).toBe(true);
    expect(checkText(new Violations(), "note", "😀".repeat(11), 10)).toBe(false);
    expect(checkText(new Violations(), "note", "a".repeat(21), 10)).toBe(false);
  });

  it("may have lines and tabs, and no other control characters", () => {
    expect(checkText(new Violations(), "note", "a\tb\r\nc", 10)).toBe(true);
    for (const bad of ["\u0000", "\u001b", "\u007f", "\u0085", "\ud800"]) {
      expect(checkText(new Violations(), "note", bad, 10)).toBe(false);
    }
  });

  it("of a request_id is one line of at most 128 characters", () => {
    expect(checkRequestId(new Violations(), "x".repeat(128))).toBe(true);
    expect(checkRequestId(new Violations(), "")).toBe(true);
    expect(checkRequestId(new Violations(), "x".repeat(129))).toBe(false);
    expect(checkRequestId(new Violations(), "a\nb")).toBe(false);
  });
});

describe("JSON from a caller", () => {
  const nested = (depth: number): Json => (depth === 0 ? 1 : [nested(depth - 1)]);
  it.each<[string, Json, number, boolean]>([
    ["30 deep", nested(30), 1000, true],
    ["31 deep", nested(31), 1000, false],
    ["of the largest size", "é".repeat(4), 10, true],
    ["of one byte more", "é".repeat(4), 9, false],
    ["with a broken text", { a: ["\ud800"] }, 100, false],
    ["with a broken key", { "\udc00": 1 }, 100, false],
    ["with infinity", [Number.POSITIVE_INFINITY], 100, false],
    ["with null and booleans", [null, true], 100, true],
  ])("%s", (_what, value, maxBytes, good) => {
    expect(checkJson(new Violations(), "data", value, maxBytes)).toBe(good);
  });
});

describe("a page", () => {
  it.each([
    [0, 50],
    [1, 1],
    [1000, 1000],
    [5000, 1000],
  ])("size of %d means %d", (asked, meant) => {
    expect(pageSize(asked)).toBe(meant);
  });

  it("size below zero is refused, alone or with the other violations", () => {
    expect(failure(() => pageSize(-1)).violations[0]?.field).toBe("page_size");
    const v = new Violations();
    pageSize(-1, v);
    expect(failure(() => v.throwIfAny()).violations).toHaveLength(1);
  });

  it("token leads back to its position in the same query, whatever the order of its keys", () => {
    const token = encodePageToken({ kind: "a", states: [1] }, { after: ["x", 3] });
    expect(decodePageToken({ states: [1], kind: "a" }, token)).toEqual({ after: ["x", 3] });
    expect(decodePageToken({ kind: "a" }, "")).toBeUndefined();
  });

  const token = encodePageToken({ kind: "a" }, 1);
  const encoded = (text: string) => Buffer.from(text).toString("base64url");
  it.each([
    ["of another query", encodePageToken({ kind: "b" }, 1)],
    ["cut short", token.slice(0, -3)],
    ["with something after it", `${token}!`],
    ["that is no JSON", encoded("[")],
    ["that is no pair", encoded("{}")],
    ["without a position", encoded(JSON.stringify([sha256Hex('{"kind":"a"}').slice(0, 16)]))],
  ])("token %s is refused", (_what, bad) => {
    expect(failure(() => decodePageToken({ kind: "a" }, bad))).toMatchObject({
      kind: "invalid_argument",
      reason: "INVALID_PAGE_TOKEN",
      violations: [{ field: "page_token" }],
    });
  });
});

describe("an answer's budget", () => {
  it("takes items until one does not fit, and then smaller ones still", () => {
    const budget = new ResponseBudget(10);
    expect([budget.take(6), budget.take(5), budget.take(4), budget.take(1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("takes the first item whatever its size", () => {
    const budget = new ResponseBudget(10);
    expect([budget.take(11), budget.take(1)]).toEqual([true, false]);
  });
});

describe("canonical JSON", () => {
  it("of equal values is one text (the example of RFC 8785)", () => {
    const value = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    expect(canonicalJson({ b: 1.0, a: -0 })).toBe('{"a":0,"b":1}');
  });

  it("keeps a key named __proto__", () => {
    expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
  });

  it("is of JSON values alone", () => {
    expect(() => canonicalJson(undefined as unknown as Json)).toThrow(TypeError);
  });

  it("has the digest that others compute", () => {
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
