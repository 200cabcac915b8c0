import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type RedisCluster, startRedisCluster } from "../../../scripts/stores/redis-cluster.ts";
import type { RedisStores } from "../../../src/adapters/redis/open.ts";
import { slotOf } from "../../../src/adapters/redis/slot.ts";
import { describeWithTools, uniqueName } from "../../support/real-stores.ts";
import { closeSlot, type Move, moveKeys, openSlot } from "../../support/redis-slots.ts";
import { adminOf, answering, LONG_MS, nextDoubt, openOn, UNAVAILABLE } from "./redis-under-fault.ts";

const GENERATION = 1;
const MOVED = { kind: "aborted", reason: "SLOTS_MOVED" };

describeWithTools("Redis Cluster", ["redis-server"], () => {
  let cluster: RedisCluster;
  let prefix: string;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.stop());
  beforeEach(() => {
    prefix = uniqueName();
  });

  function opened(): Promise<RedisStores> {
    return openOn(cluster, { mode: "cluster", prefix, timeoutMs: 10_000 });
  }

  /** The master that has the slot, and another one. */
  async function moving(slot: number): Promise<{ readonly move: Move; readonly others: Move["to"][] }> {
    const admins = await Promise.all(cluster.masters.map(adminOf));
    const owners = await Promise.all(
      admins.map(async (admin) => {
        const nodes = await admin.sendCommand<string>(["CLUSTER", "NODES"]);
        const own = nodes.split("\n").find((line) => line.includes("myself"));
        const ranges = own?.split(" ").slice(8) ?? [];
        return ranges.some((range) => {
          const [from = "", to = from] = range.split("-");
          return Number(from) <= slot && slot <= Number(to);
        });
      }),
    );
    const source = owners.indexOf(true);
    const target = (source + 1) % admins.length;
    const [from, to, toPort] = [admins[source], admins[target], cluster.masters[target]?.port];
    if (from === undefined || to === undefined || toPort === undefined) throw new Error("no such slot");
    const others = admins.filter((admin) => admin !== from && admin !== to);
    return { move: { slot, from, to, toPort }, others };
  }

  function slotOfEntry(key: string): number {
    return slotOf(`${prefix}:${GENERATION}:{cache/user/${key}}`);
  }

  /** Keys of one slot. */
  function siblings(count: number): { readonly slot: number; readonly keys: readonly string[] } {
    const slot = slotOfEntry("0");
    const keys: string[] = [];
    for (let at = 0; keys.length < count; at++) if (slotOfEntry(String(at)) === slot) keys.push(String(at));
    return { slot, keys };
  }

  function put({ cache }: RedisStores, key: string, content = key) {
    const entry = { value: { kind: "text", text: content }, lifetime: LONG_MS, etag: "e" } as const;
    return cache.set(GENERATION, { namespace: "user", key }, entry, { kind: "always" });
  }

  async function read({ cache }: RedisStores, key: string): Promise<string | undefined> {
    const entry = await cache.get(GENERATION, { namespace: "user", key });
    return entry?.value.kind === "text" ? entry.value.text : undefined;
  }

  function page({ cache }: RedisStores, cursor: string | undefined, count = 20) {
    return cache.scan(GENERATION, { namespace: "user", pattern: "*", count, cursor });
  }

  it("every key is where Redis says", async () => {
    const [server] = cluster.masters;
    if (server === undefined) throw new Error("the cluster has no master");
    const admin = await adminOf(server);
    const braced = fc.string({ unit: fc.constantFrom("{", "}", "a", "é", "\n") });
    for (const key of fc.sample(fc.oneof(braced, fc.string({ unit: "grapheme" })), 300)) {
      expect([key, slotOf(key)]).toEqual([key, await admin.sendCommand(["CLUSTER", "KEYSLOT", key])]);
    }
  });

  it("a slot that moves to another master is followed with its entries, and is no reason for doubt", async () => {
    const stores = await opened();
    const before = await stores.hot.probe();
    let doubts = 0;
    stores.hot.onDoubt(() => doubts++);
    const { slot, keys } = siblings(3);
    for (const key of keys) await put(stores, key);
    const { move, others } = await moving(slot);
    await openSlot(move);
    await closeSlot(move, others);
    for (const key of keys) expect(await read(stores, key)).toBe(key);
    await put(stores, "0", "after");
    expect(await read(stores, "0")).toBe("after");
    expect(await stores.hot.probe()).toBe(before);
    expect(doubts).toBe(0);
  });

  it("while a slot is on its way its entries are read and removed, and one that is written waits for it", async () => {
    const stores = await opened();
    const { slot, keys } = siblings(6);
    for (const key of keys) await put(stores, key);
    const { move, others } = await moving(slot);
    await openSlot(move);
    expect(await moveKeys(move, 3)).toBe(3);
    for (const key of keys) expect(await read(stores, key)).toBe(key);
    const names = keys.slice(0, 5).map((key) => ({ namespace: "user", key }));
    expect(await stores.cache.deleteMany(GENERATION, names)).toEqual(names.map(() => true));
    // Its entry is there and its lease is not, so that neither server can tell yet.
    const last = keys[5] ?? "";
    const written = put(stores, last, "after");
    await closeSlot(move, others);
    expect(await written).toBe("stored");
    expect(await read(stores, last)).toBe("after");
  });

  it("a write that waits for longer than a command may take is unavailable, and was not applied", async () => {
    const stores = await openOn(cluster, { mode: "cluster", prefix, timeoutMs: 1_000 });
    const { slot, keys } = siblings(1);
    const [key = ""] = keys;
    await put(stores, key, "before");
    const { move, others } = await moving(slot);
    await openSlot(move);
    const failure = await put(stores, key, "after").catch((error: Error) => error);
    expect(failure).toMatchObject(UNAVAILABLE);
    expect(String((failure as Error).cause)).toContain("TRYAGAIN");
    expect(await read(stores, key)).toBe("before");
    await closeSlot(move, others);
    expect(await read(stores, key)).toBe("before");
  });

  it("a listing under which a slot moves finds every key or says that it has to begin again", async () => {
    const stores = await opened();
    const keys = Array.from({ length: 300 }, (_, at) => String(at));
    await Promise.all(keys.map((key) => put(stores, key)));
    const first = await page(stores, undefined);
    const { move, others } = await moving(slotOfEntry("7"));
    await openSlot(move);
    await expect(page(stores, first.cursor)).rejects.toMatchObject(MOVED);
    // While it is on its way, the master that it goes to is looked at last.
    const found = new Set<string>();
    let cursor: string | undefined;
    do {
      const next = await page(stores, cursor);
      for (const key of next.keys) found.add(key);
      await moveKeys(move, 1);
      cursor = next.cursor;
    } while (cursor !== undefined);
    expect([...found].sort()).toEqual(keys.toSorted());
    const begun = await page(stores, undefined);
    await closeSlot(move, others);
    await expect(page(stores, begun.cursor)).rejects.toMatchObject(MOVED);
    expect((await page(stores, undefined)).keys.length).toBeGreaterThan(0);
  });

  it("a sweep takes old generations from every master", async () => {
    const stores = await opened();
    const admins = await Promise.all(cluster.masters.map(adminOf));
    const left = async () => (await Promise.all(admins.map((admin) => admin.keys(`${prefix}:*`)))).flat();
    for (let at = 0; at < 100; at++) {
      await put(stores, String(at));
      await stores.hot.raise({ generation: 2, key: `task/kind/${at}` }, 1);
    }
    expect(await left()).toHaveLength(200);
    await stores.hot.sweepBelow(2);
    const keys = await left();
    expect(keys).toHaveLength(100);
    expect(keys.every((key) => key.startsWith(`${prefix}:2:{task/`))).toBe(true);
  });

  it("one master killed: the whole is in doubt and unavailable, and another one when it is back", async () => {
    const stores = await opened();
    const before = await stores.hot.probe();
    const doubt = nextDoubt(stores);
    const [, killed] = cluster.masters;
    await killed?.kill();
    await doubt;
    await expect(stores.hot.probe()).rejects.toMatchObject(UNAVAILABLE);
    const lost = Array.from({ length: 60 }, (_, at) => read(stores, String(at)));
    const failures = (await Promise.allSettled(lost)).filter(({ status }) => status === "rejected");
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toMatchObject({ reason: UNAVAILABLE });
    await killed?.restart();
    const after = await answering(stores);
    expect(after).not.toBe(before);
    await put(stores, "0");
    expect(await read(stores, "0")).toBe("0");
  });

  it("every master is asked with the credentials of the URL", async () => {
    for (const master of cluster.masters) {
      const admin = await adminOf(master);
      await admin.sendCommand(["ACL", "SETUSER", "service", "on", ">secret", "~*", "&*", "+@all"]);
    }
    const at = (credentials: string) =>
      openOn({ url: cluster.url.replace("//", `//${credentials}@`) }, { mode: "cluster", prefix });
    const stores = await at("service:secret");
    await stores.hot.probe();
    for (let key = 0; key < 20; key++) expect(await put(stores, String(key))).toBe("stored");
    const wrong = await at("service:wrong");
    await expect(wrong.hot.probe()).rejects.toMatchObject(UNAVAILABLE);
  });

  it("a cluster that is away at the start is found when it comes, by any of its addresses", async () => {
    const [first, ...others] = cluster.masters;
    if (first === undefined) throw new Error("the cluster has no master");
    await first.kill();
    const unknown = `redis://127.0.0.1:1,${others.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
    const stores = await openOn({ url: unknown }, { mode: "cluster", prefix, timeoutMs: 10_000 });
    await expect(stores.hot.probe()).rejects.toMatchObject(UNAVAILABLE);
    await first.restart();
    await answering(stores);
    await put(stores, "0");
    expect(await read(stores, "0")).toBe("0");
  });
});
