import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { memoryDurable } from "../../../src/adapters/memory/durable.ts";
import { openMemory } from "../../../src/adapters/memory/open.ts";
import { createObjects } from "../../../src/consistency/dual-store.ts";
import type { LastKnown, Lease, Leases } from "../../../src/consistency/lease.ts";
import type { Mutation } from "../../../src/consistency/objects.ts";
import { unavailable } from "../../../src/errors.ts";
import type { Condition } from "../../../src/ports/durable-store.ts";
import { openInstance, realTiming } from "../../support/dual-store.ts";
import { HotServer, switchable } from "../../support/switched-stores.ts";
import { SPECS, THING } from "../../support/virtual/things.ts";

const fast = { consistency: "fast", minRevision: 0 } as const;
const anonymous = { id: undefined, body: null };

/** Leases that the test gives and takes. */
class GivenLeases implements Leases {
  readonly current = undefined;
  /** So many more are given; then none is to be had. */
  left = Number.POSITIVE_INFINITY;
  durableDown = false;
  /** What is answered, one after the other; the last one stays. */
  known: (LastKnown | undefined)[] = [undefined];

  async lease(): Promise<Lease> {
    if (this.left === 0) throw unavailable("durable");
    this.left--;
    return { number: 1, mode: "cached", epoch: 0 };
  }
  holds = () => true;
  reportHotFailure = async () => {};
  async lastKnown() {
    return this.known.length > 1 ? this.known.shift() : this.known[0];
  }
}

function write(value: string, ...conditions: Condition[]): Mutation {
  const change = { set: [[["value"], value]] } as const;
  return { conditions, change, ifAbsent: "insert", event: { value } };
}

let leases: GivenLeases;
let durable: ReturnType<typeof switchable>;
let objects: ReturnType<typeof createObjects>;
beforeEach(() => {
  leases = new GivenLeases();
  durable = switchable(memoryDurable(SPECS));
  const { hot } = openMemory({ now: () => 0, identity: "h", maxBytes: 2 ** 20, maxEntries: 100 });
  const timing = { ...realTiming, sleep: async () => {} };
  objects = createObjects({ kind: THING, durable, hot, generation: leases, timing });
});

describe("a write whose first sending may still arrive", () => {
  const open: Condition = { path: ["state"], test: "equals", value: "open" };

  it("is in doubt though a later sending was refused: the condition may come to hold", async () => {
    await objects.mutate("a", anonymous, write("1"));
    durable.loseRequests = 1;
    await expect(objects.mutate("a", anonymous, write("2", open))).rejects.toMatchObject({
      reason: "DURABLE_STORE_UNAVAILABLE",
      applied: "unknown",
    });
  });

  it("is refused for good by a revision that was passed", async () => {
    await objects.mutate("a", anonymous, write("1"));
    await objects.mutate("a", anonymous, write("2"));
    durable.loseRequests = 1;
    const passed: Condition = { path: ["revision"], test: "equals", value: 1 };
    const refused = await objects.mutate("a", anonymous, write("3", open, passed));
    expect(refused).toMatchObject({ outcome: "refused", document: { revision: 2 } });
  });
});

describe("a repeated request that cannot be answered", () => {
  it("says that it was applied", async () => {
    const request = { id: "r", body: null };
    await objects.mutate("a", request, write("1"));
    leases.left = 1;
    await expect(objects.mutate("a", request, write("1"))).rejects.toMatchObject({ applied: "yes" });
  });

  it("says that it was not, when the id was another request's", async () => {
    await objects.mutate("a", { id: "r", body: 1 }, write("1"));
    leases.left = 1;
    await expect(objects.mutate("a", { id: "r", body: 2 }, write("2"))).rejects.toMatchObject({
      applied: "no",
    });
  });
});

describe("a degraded answer", () => {
  const read = async (...known: (LastKnown | undefined)[]) => {
    await objects.mutate("a", anonymous, write("1"));
    await objects.read("a", fast);
    leases.left = 0;
    leases.durableDown = true;
    leases.known = known;
    return (await objects.read("a", fast)).provenance;
  };

  it("says as of when, while the hot store is the one of the lease", async () => {
    expect(await read({ number: 1, asOf: 5 }, { number: 1, asOf: 9 })).toMatchObject({
      degraded: true,
      asOf: 5,
    });
  });

  it("does not, when another hot store may have come while it was read", async () => {
    const provenance = await read({ number: 1, asOf: 5 }, { number: 1, asOf: undefined });
    expect(provenance).toMatchObject({ degraded: true });
    expect(provenance).not.toHaveProperty("asOf");
  });

  it("is of no known moment once the connection to the hot store was lost", async () => {
    const server = new HotServer();
    const hot = server.connect();
    const { generation, close } = await openInstance({ specs: [], hot });
    onTestFinished(close);
    await generation.lease();
    expect(await generation.lastKnown()).toMatchObject({ asOf: expect.any(Number) });
    server.kill();
    expect(await generation.lastKnown()).toEqual({ number: expect.any(Number), asOf: undefined });
  });
});
