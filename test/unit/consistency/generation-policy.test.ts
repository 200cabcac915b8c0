import { describe, expect, it } from "vitest";
import type { GenerationMode } from "../../../src/consistency/generation-document.ts";
import {
  type HotHealth,
  isIsolated,
  nextStep,
  type Situation,
} from "../../../src/consistency/generation-policy.ts";

const LEASE = 1000;
const NOW = 100_000;
const HERE: HotHealth = { state: "reachable", identity: "a" };
const OTHER: HotHealth = { state: "reachable", identity: "b" };
const AWAY: HotHealth = { state: "unreachable", since: NOW - 5 * LEASE };

function situation(mode: GenerationMode, more: Partial<Situation> = {}): Situation {
  return {
    view: { number: 7, mode, identity: "a", reason: "why", instances: new Map() },
    viewSince: NOW,
    now: NOW,
    hot: HERE,
    hotShared: true,
    peers: [],
    leaseMs: LEASE,
    marginMs: LEASE / 4,
    reopenAt: Number.NEGATIVE_INFINITY,
    ...more,
  };
}

const withHot = { hot: true, beatSeenAt: NOW };
const withoutHot = { hot: false, beatSeenAt: NOW };
const gone = { hot: true, beatSeenAt: NOW - 4 * LEASE };
const waited = { viewSince: NOW - LEASE - LEASE / 4 };

describe("the next step", () => {
  const cases: readonly (readonly [string, Situation, Partial<ReturnType<typeof nextStep>> | undefined])[] = [
    ["CACHED with the hot store stays", situation("cached"), undefined],
    ["CACHED without it leaves", situation("cached", { hot: AWAY }), { mode: "bypassing", number: 7 }],
    [
      "CACHED over another server leaves",
      situation("cached", { hot: OTHER }),
      { mode: "bypassing", number: 7 },
    ],
    [
      "CACHED stays while a peer has the hot store",
      situation("cached", { hot: AWAY, peers: [withHot] }),
      undefined,
    ],
    [
      "a peer without it does not keep it",
      situation("cached", { hot: AWAY, peers: [withoutHot] }),
      { mode: "bypassing" },
    ],
    ["nor does one that is gone", situation("cached", { hot: AWAY, peers: [gone] }), { mode: "bypassing" }],
    [
      "CACHED is not left before the hot store was asked",
      situation("cached", { hot: { state: "unknown" } }),
      undefined,
    ],
    [
      "two with stores of their own leave",
      situation("cached", { hotShared: false, peers: [withHot] }),
      { mode: "bypassing" },
    ],
    ["BYPASSING waits a lease and a margin", situation("bypassing", { viewSince: NOW - LEASE }), undefined],
    ["then D serves alone", situation("bypassing", waited), { mode: "bypassed", number: 7, reason: "why" }],
    [
      "where nobody else can be, nothing waits",
      situation("bypassing", { leaseMs: 0, marginMs: 0 }),
      { mode: "bypassed" },
    ],
    ["BYPASSED stays without the hot store", situation("bypassed", { hot: AWAY }), undefined],
    ["and while it is too early", situation("bypassed", { reopenAt: NOW + 1 }), undefined],
    [
      "and while stores cannot be shared",
      situation("bypassed", { hotShared: false, peers: [withHot] }),
      { mode: "bypassed", number: 7, reason: expect.stringContaining("cannot be shared") },
    ],
    [
      "a clean generation opens over the server that is there",
      situation("bypassed", { hot: OTHER }),
      { mode: "opening", number: 8, identity: "b" },
    ],
    ["OPENING waits", situation("opening"), undefined],
    ["then hits are served", situation("opening", waited), { mode: "cached", number: 7, reason: "" }],
    ["OPENING without the hot store goes back", situation("opening", { hot: AWAY }), { mode: "bypassed" }],
    ["OPENING over another server goes back", situation("opening", { hot: OTHER }), { mode: "bypassed" }],
    [
      "OPENING goes on where a peer has it",
      situation("opening", { ...waited, hot: AWAY, peers: [withHot] }),
      undefined,
    ],
    [
      "OPENING with a second private store goes back",
      situation("opening", { hotShared: false, peers: [withHot] }),
      { mode: "bypassed" },
    ],
  ];
  it.each(cases)("%s", (_, given, expected) => {
    const step = nextStep(given);
    if (expected === undefined) expect(step).toBeUndefined();
    else expect(step).toMatchObject(expected);
  });
});

describe("one that is cut off alone", () => {
  const later = { hot: true, beatSeenAt: AWAY.state === "unreachable" ? AWAY.since + LEASE + 1 : 0 };
  it("knows it once a peer reported since", () => {
    const live = { ...later, beatSeenAt: NOW };
    expect(isIsolated(situation("cached", { hot: AWAY, peers: [live] }))).toBe(true);
    expect(isIsolated(situation("opening", { hot: AWAY, peers: [live] }))).toBe(true);
  });
  it("is not, where nobody uses the hot store, or has it, or it was never lost", () => {
    expect(isIsolated(situation("bypassed", { hot: AWAY, peers: [withHot] }))).toBe(false);
    expect(isIsolated(situation("cached", { hot: AWAY, peers: [withoutHot] }))).toBe(false);
    expect(isIsolated(situation("cached", { peers: [withHot] }))).toBe(false);
    const fresh: HotHealth = { state: "unreachable", since: NOW };
    expect(isIsolated(situation("cached", { hot: fresh, peers: [withHot] }))).toBe(false);
  });
});
