import { expect, it } from "vitest";
import { describeWithTools } from "../../support/real-stores.ts";
import {
  adminOf,
  answering,
  fillSlot,
  nextDoubt,
  openOn,
  ownRedis,
  SLOT,
  UNAVAILABLE,
  unavailableBecause,
} from "./redis-under-fault.ts";

const HEARTBEAT_MS = 100;

describeWithTools("Redis outages", ["redis-server"], () => {
  it("a killed server: what was under way and all that follows fails at once, and it works again by itself", async () => {
    const server = await ownRedis();
    const stores = await openOn(server);
    const before = await stores.hot.probe();
    await fillSlot(stores);

    const doubt = nextDoubt(stores);
    server.pause();
    const underWay = expect(stores.hot.peek(SLOT, 0)).rejects.toMatchObject(UNAVAILABLE);
    await server.kill();
    await underWay;
    await doubt;
    for (const call of [
      () => stores.hot.peek(SLOT, 0),
      () => stores.hot.probe(),
      () => stores.cache.get(1, { namespace: "user", key: "key" }),
    ]) {
      await expect(call()).rejects.toMatchObject(UNAVAILABLE);
    }

    await server.restart();
    expect(await answering(stores)).not.toBe(before);
    expect(await stores.hot.peek(SLOT, 0)).toBeUndefined();
    expect(await fillSlot(stores)).toBe("stored");
  });

  it("a change of the cache that was sent and not answered may have been applied, and says so", async () => {
    const server = await ownRedis();
    const { cache } = await openOn(server);
    const name = { namespace: "user", key: "key" };
    const value = { kind: "text", text: "1" } as const;
    const always = { kind: "always" } as const;
    const ifEtag = { kind: "if_etag", etag: "other" } as const;
    const entry = { value, lifetime: undefined, etag: "etag" };
    const increment = { delta: 1n, lifetime: undefined, etag: "etag", requestId: undefined };
    const changes = [
      (signal?: AbortSignal) => cache.set(1, name, entry, always, signal),
      (signal?: AbortSignal) => cache.set(1, name, entry, ifEtag, signal),
      (signal?: AbortSignal) => cache.touch(1, name, undefined, signal),
      (signal?: AbortSignal) => cache.increment(1, name, increment, signal),
      (signal?: AbortSignal) => cache.deleteMany(1, [name], signal),
    ];

    server.pause();
    for (const change of changes) {
      const caller = new AbortController();
      const late = expect(change(caller.signal)).rejects.toMatchObject({ applied: "unknown" });
      caller.abort();
      await late;
      await expect(change(caller.signal)).rejects.toMatchObject({ applied: "no" });
    }
    const underWay = changes.map((change) =>
      expect(change()).rejects.toMatchObject({ ...UNAVAILABLE, applied: "unknown" }),
    );
    await server.kill();
    await Promise.all(underWay);
    for (const change of changes) await expect(change()).rejects.toMatchObject(UNAVAILABLE);
  });

  it("a server that came back with an old dump is another one", async () => {
    const server = await ownRedis(["--save", "3600 1"]);
    const stores = await openOn(server);
    const before = await stores.hot.probe();
    await fillSlot(stores);
    await (await adminOf(server)).sendCommand(["SAVE"]);

    const doubt = nextDoubt(stores);
    await server.restart();
    await doubt;
    expect(await answering(stores)).not.toBe(before);
    // The dump was really loaded, so that nothing but the identity tells the two apart.
    expect((await stores.hot.peek(SLOT, 0))?.revision).toBe(1);
  });

  it("doubt is raised again when the new socket meets another server", async () => {
    const server = await ownRedis();
    const stores = await openOn(server);
    let doubts = 0;
    const unsubscribe = stores.hot.onDoubt(() => doubts++);
    await server.restart();
    await answering(stores);
    expect(doubts).toBe(2);

    unsubscribe();
    await server.restart();
    await answering(stores);
    expect(doubts).toBe(2);
  });

  it("a lost connection to the same server keeps its identity", async () => {
    const server = await ownRedis();
    const stores = await openOn(server);
    const before = await stores.hot.probe();
    const doubt = nextDoubt(stores);
    await (await adminOf(server)).sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    await doubt;
    expect(await answering(stores)).toBe(before);
  });

  it("a server that stands still is noticed without a command, and found again when it goes on", async () => {
    const server = await ownRedis();
    const stores = await openOn(server, { timeoutMs: HEARTBEAT_MS });
    const before = await stores.hot.probe();
    const doubt = nextDoubt(stores);
    server.pause();
    await expect(stores.hot.peek(SLOT, 0)).rejects.toMatchObject(UNAVAILABLE);
    await doubt;
    await expect(stores.hot.peek(SLOT, 0)).rejects.toMatchObject(UNAVAILABLE);
    server.resume();
    expect(await answering(stores)).toBe(before);
  });

  it("a server that becomes a replica is noticed without a command, and is another one once promoted", async () => {
    const server = await ownRedis();
    const stores = await openOn(server, { timeoutMs: HEARTBEAT_MS });
    const before = await stores.hot.probe();
    const admin = await adminOf(server);
    const doubt = nextDoubt(stores);
    await admin.sendCommand(["REPLICAOF", "127.0.0.1", "1"]);
    await doubt;
    await expect(stores.hot.probe()).rejects.toMatchObject(UNAVAILABLE);
    // Not for reads either, though a replica would answer them: no socket to it is let through.
    await unavailableBecause(stores, "not a master");
    await admin.sendCommand(["REPLICAOF", "NO", "ONE"]);
    expect(await answering(stores)).not.toBe(before);
  });

  it("a server that became another one between two looks is noticed without a command", async () => {
    const server = await ownRedis();
    const stores = await openOn(server, { timeoutMs: HEARTBEAT_MS });
    const before = await stores.hot.probe();
    const doubt = nextDoubt(stores);
    const demotion = (await adminOf(server)).multi();
    await demotion.addCommand(["REPLICAOF", "127.0.0.1", "1"]).addCommand(["REPLICAOF", "NO", "ONE"]).exec();
    await doubt;
    expect(await answering(stores)).not.toBe(before);
  });

  it("a server that is away at the start is found when it comes", async () => {
    const server = await ownRedis();
    await server.kill();
    const stores = await openOn(server);
    await expect(stores.hot.peek(SLOT, 0)).rejects.toMatchObject(UNAVAILABLE);
    await server.restart();
    await answering(stores);
    expect(await fillSlot(stores)).toBe("stored");
  });

  it("a closed store answers unavailable and looks for no server", async () => {
    const server = await ownRedis();
    const stores = await openOn(server);
    await stores.close();
    await expect(stores.hot.peek(SLOT, 0)).rejects.toMatchObject(UNAVAILABLE);
    const clients = await (await adminOf(server)).sendCommand<string>(["CLIENT", "LIST", "TYPE", "normal"]);
    expect(clients.trim().split("\n")).toHaveLength(1);
  });
});
