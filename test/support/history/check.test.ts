import { describe, expect, it } from "vitest";
import { checkHistory } from "./check.ts";
import type { History, Operation, Revision } from "./operation.ts";

const key = "k";
const FINAL: readonly Revision[] = [
  { revision: 1, value: "a", requestId: "ra" },
  { revision: 2, value: "b", requestId: "rb" },
];

function write(
  wrote: string,
  revision: number,
  [start, end]: [number, number],
  more: Partial<Operation> = {},
): Operation {
  return {
    client: `w${wrote}`,
    key,
    op: "write",
    start,
    end,
    outcome: "ok",
    wrote,
    value: wrote,
    revision,
    ...more,
  };
}

function read(revision: number, [start, end]: [number, number], more: Partial<Operation> = {}): Operation {
  const value = FINAL[revision - 1]?.value;
  const shown = value === undefined ? { revision } : { revision, value };
  return { client: "r", key, op: "read", consistency: "fast", start, end, outcome: "ok", ...shown, ...more };
}

const FIRST = write("a", 1, [0, 1]);
const WRITES = [FIRST, write("b", 2, [10, 20])];

function found(operations: readonly Operation[], more: Partial<History> = {}): readonly string[] {
  const final = new Map([[key, FINAL]]);
  return checkHistory({ operations, final, ...more }).map(({ invariant, name }) => `${invariant} ${name}`);
}

describe("a history that keeps every promise", () => {
  it("has no violation", () => {
    const operations = [
      ...WRITES,
      read(1, [2, 3]),
      read(1, [11, 15]),
      read(2, [12, 14], { consistency: "strong", minRevision: 2 }),
      read(2, [21, 22]),
      read(1, [30, 31], { degraded: true, asOf: 9 }),
      write("a", 2, [23, 24], { outcome: "replayed", requestId: "ra", appliedRevision: 1, value: "b" }),
      write("c", 2, [25, 26], { outcome: "refused", expected: 1, value: "b" }),
      write("d", 0, [25, 26], { outcome: "failed", applied: "no" }),
      { client: "w", key, op: "write", start: 27, wrote: "e" } as const,
    ];
    const hot = [{ key, revision: 2, value: "b", ttlMs: 5 }];
    const watches = [{ client: "v", key, events: [{ revision: 1 }, { revision: 2 }] }];
    const lists = [{ name: "all", listed: ["k"], counted: ["k"] }];
    const durableOutages = [{ from: 29, until: 40 }];
    expect(found(operations, { hot, watches, lists, durableOutages })).toEqual([]);
  });
});

it("a request that is repeated past its window makes another revision", () => {
  const between = Array.from({ length: 130 }, (_, i) => ({
    revision: i + 2,
    value: `v${i}`,
    requestId: `r${i}`,
  }));
  const final = [...FINAL.slice(0, 1), ...between, { revision: 132, value: "a", requestId: "ra" }];
  const again = write("a", 132, [30, 31], { requestId: "ra" });
  expect(found([again], { final: new Map([[key, final]]) })).toEqual([]);
});

describe("a history that breaks a promise is found by the promise's name", () => {
  const broken: readonly [name: string, operations: readonly Operation[], more?: Partial<History>][] = [
    ["T1 lost", [...WRITES, write("c", 3, [30, 31])]],
    ["T1 lost", [...WRITES, write("c", 0, [30, 31], { outcome: "failed", applied: "yes" })]],
    [
      "T1 lost",
      [
        ...WRITES,
        write("x", 2, [30, 31], { outcome: "replayed", requestId: "rx", appliedRevision: 2, value: "b" }),
      ],
    ],
    [
      "T1 twice",
      WRITES,
      { final: new Map([[key, [...FINAL, { revision: 3, value: "c", requestId: "ra" }]]]) },
    ],
    ["T2 gap", [], { final: new Map([[key, [{ revision: 2, value: "b" }]]]) }],
    ["T2 shared_revision", [...WRITES, write("b", 2, [11, 19])]],
    ["T3 false_abort", [...WRITES, write("c", 2, [30, 31], { outcome: "refused", expected: 2, value: "b" })]],
    ["T4 stale", [...WRITES, read(1, [21, 22], { consistency: "strong" })]],
    ["T4 stale", [write("b", 2, [0, 1]), write("a", 1, [2, 3])]],
    ["T4 inversion", [FIRST, read(2, [5, 6]), write("b", 2, [10, 11])]],
    ["T4 inversion", [...WRITES, read(2, [11, 12]), read(1, [13, 14], { consistency: "strong" })]],
    [
      "T4 inversion",
      [...WRITES, read(2, [11, 12]), write("c", 1, [13, 14], { outcome: "refused", value: "a" })],
    ],
    ["T5 stale", [...WRITES, read(1, [21, 22])]],
    ["T5 stale", [...WRITES, read(0, [2, 3])]],
    ["T5 inversion", [...WRITES, read(2, [11, 12]), read(1, [13, 14])]],
    [
      "T5 inversion",
      [...WRITES, write("c", 2, [11, 12], { outcome: "refused", value: "b" }), read(1, [13, 14])],
    ],
    [
      "T5 needlessly_degraded",
      [read(1, [3, 4], { degraded: true })],
      { durableOutages: [{ from: 5, until: 6 }] },
    ],
    ["T5 as_of", [...WRITES, read(1, [30, 31], { degraded: true, asOf: 21 })]],
    ["T6 min_revision", [...WRITES, read(1, [12, 13], { minRevision: 2 })]],
    ["T6 min_revision", [...WRITES, read(1, [30, 31], { minRevision: 2, degraded: true })]],
    ["T7 phantom", [...WRITES, read(2, [30, 31], { value: "other" })]],
    ["T7 phantom", [...WRITES, read(3, [30, 31])]],
    ["T7 phantom", [...WRITES, read(2, [5, 6])]],
    [
      "T8 illegal_transition",
      [],
      {
        legal: (from, to) => from === "open" && to === "done",
        final: new Map([
          [
            key,
            [
              { revision: 1, value: "a", state: "open" },
              { revision: 2, value: "b", state: "done" },
              { revision: 3, value: "c", state: "open" },
            ],
          ],
        ]),
      },
    ],
    ["T9 diverged", WRITES, { hot: [{ key, revision: 1, value: "a", ttlMs: 5 }] }],
    ["T9 list", WRITES, { lists: [{ name: "all", listed: [], counted: ["k"] }] }],
    [
      "T10 watch_back",
      WRITES,
      { watches: [{ client: "v", key, events: [{ revision: 2 }, { revision: 1 }, { revision: 2 }] }] },
    ],
    [
      "T10 watch_gap",
      WRITES,
      { watches: [{ client: "v", key, events: [{ revision: 0 }, { revision: 2 }], whole: true }] },
    ],
    ["T10 watch_phantom", WRITES, { watches: [{ client: "v", key, events: [{ revision: 2, value: "x" }] }] }],
    ["T10 watch_end", WRITES, { watches: [{ client: "v", key, events: [{ revision: 1 }] }] }],
    ["T11 no_ttl", WRITES, { hot: [{ key, revision: 2, value: "b", ttlMs: undefined }] }],
    ["E1 had_effect", [FIRST, write("b", 0, [10, 20], { outcome: "failed", applied: "no" })]],
    ["E1 had_effect", [FIRST, write("b", 1, [10, 20], { outcome: "refused", value: "a" })]],
  ];

  it.each(broken)("%s", (name, operations, more = {}) => {
    expect(found(operations, more)).toContain(name);
  });
});
