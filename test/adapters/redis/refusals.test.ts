import { expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { describeWithTools } from "../../support/real-stores.ts";
import { adminOf, fillSlot, LONG_MS, openOn, ownRedis, SLOT, UNAVAILABLE } from "./redis-under-fault.ts";

const NAME = { namespace: "user", key: "key" };
const ENTRY = { value: { kind: "text", text: "1" }, lifetime: LONG_MS, etag: "etag" } as const;

describeWithTools("a Redis that answers otherwise", ["redis-server"], () => {
  it("one that forgot its scripts is given them again", async () => {
    const server = await ownRedis();
    const stores = await openOn(server);
    const admin = await adminOf(server);
    const forget = () => admin.sendCommand(["SCRIPT", "FLUSH"]);
    await forget();
    await stores.hot.getOrLease(SLOT, { minRevision: 0, token: "t", leaseMs: LONG_MS });
    await forget();
    expect(await stores.hot.fill(SLOT, "t", { value: "one", revision: 1, ttlMs: LONG_MS })).toBe("stored");
    await forget();
    await stores.hot.confirm(SLOT, { value: "two", revision: 2, ttlMs: LONG_MS });
    await forget();
    await stores.hot.raise(SLOT, 2);
    await forget();
    expect((await stores.hot.peek(SLOT, 0))?.value).toBe("two");
    await forget();
    await stores.hot.probe();
    await stores.cache.set(1, NAME, ENTRY, { kind: "always" });
    await forget();
    const increment = { delta: 1n, lifetime: LONG_MS, etag: "etag-2", requestId: "r" };
    expect(await stores.cache.increment(1, NAME, increment)).toMatchObject({ value: 2n });
  });

  it("a replica is unavailable for whatever writes", async () => {
    const server = await ownRedis();
    const stores = await openOn(server);
    await (await adminOf(server)).sendCommand(["REPLICAOF", "127.0.0.1", "1"]);
    for (const call of [
      () => stores.hot.raise(SLOT, 1),
      () => stores.hot.getOrLease(SLOT, { minRevision: 0, token: "t", leaseMs: LONG_MS }),
      () => stores.hot.probe(),
      () => stores.hot.writeHint(1),
      () => stores.cache.set(1, NAME, ENTRY, { kind: "always" }),
      () => stores.cache.deleteMany(1, [NAME]),
    ]) {
      const error = await call().catch((thrown) => thrown);
      expect(error).toMatchObject(UNAVAILABLE);
      expect(String(error.cause)).toContain("READONLY");
    }
  });

  it("one that is out of memory is unavailable, and nothing was written", async () => {
    const server = await ownRedis();
    const stores = await openOn(server);
    await stores.cache.set(1, NAME, ENTRY, { kind: "always" });
    const admin = await adminOf(server);
    await admin.configSet("maxmemory", "1");
    const increment = { delta: 1n, lifetime: LONG_MS, etag: "etag-2", requestId: "r" };
    for (const call of [
      () => fillSlot(stores),
      () => stores.hot.confirm(SLOT, { value: "two", revision: 2, ttlMs: LONG_MS }),
      () => stores.cache.set(1, NAME, { ...ENTRY, etag: "etag-2" }, { kind: "always" }),
      () => stores.cache.increment(1, NAME, increment),
    ]) {
      const error = await call().catch((thrown) => thrown);
      expect(error).toMatchObject(UNAVAILABLE);
      expect(String(error.cause)).toContain("OOM");
    }
    await admin.configSet("maxmemory", "0");
    expect(await stores.hot.peek(SLOT, 0)).toBeUndefined();
    expect(await stores.cache.get(1, NAME)).toMatchObject({ etag: "etag", value: { text: "1" } });
  });

  it("a key of another type is an error of this program, not an outage", async () => {
    const server = await ownRedis();
    const stores = await openOn(server);
    const admin = await adminOf(server);
    await admin.set("dbc:1:{task/kind/id}", "text");
    await admin.hSet("dbc:1:{cache/user/key}", "field", "text");
    await admin.set("dbc:1:{cache/user/short}", "");
    for (const call of [
      () => stores.hot.peek(SLOT, 0),
      () => stores.cache.get(1, NAME),
      () => stores.cache.get(1, { ...NAME, key: "short" }),
    ]) {
      const error = await call().catch((thrown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(ServiceError);
    }
  });

  it("commands in flight are bounded: one too many is refused, the others are answered", async () => {
    const server = await ownRedis();
    const stores = await openOn(server, { maxInFlight: 3 });
    server.pause();
    const held = [1, 2, 3].map((revision) => stores.hot.raise(SLOT, revision));
    const overloaded = { kind: "resource_exhausted", reason: "OVERLOADED", applied: "no" };
    await expect(stores.hot.raise(SLOT, 4)).rejects.toMatchObject(overloaded);
    server.resume();
    await Promise.all(held);
    await stores.hot.raise(SLOT, 5);
    const names = Array.from({ length: 4 }, () => NAME);
    await expect(stores.cache.getMany(1, names)).rejects.toMatchObject(overloaded);
  });

  it("commands of a batch count until each is answered, also where one of them has failed", async () => {
    const server = await ownRedis();
    const stores = await openOn(server, { maxInFlight: 3 });
    await stores.cache.set(1, NAME, ENTRY, { kind: "always" });
    const admin = await adminOf(server);
    const [key = ""] = await admin.keys("*user/key*");
    await admin.sendCommand(["RENAME", key, `${key}-kept`]);
    await admin.sendCommand(["LPUSH", key, "of another type"]);
    const names = [NAME, { ...NAME, key: "other" }, { ...NAME, key: "third" }];
    for (let n = 0; n < 5; n++) {
      await expect(stores.cache.getMany(1, names)).rejects.toThrow("WRONGTYPE");
      // None is left over, and none was counted off twice.
      expect(await stores.cache.getMany(1, names.slice(1))).toEqual([undefined, undefined]);
    }
    server.pause();
    const held = stores.cache.getMany(1, names.slice(1));
    const overloaded = { kind: "resource_exhausted", reason: "OVERLOADED", applied: "no" };
    await expect(stores.cache.getMany(1, names.slice(1))).rejects.toMatchObject(overloaded);
    server.resume();
    await held;
  });

  it("a caller that was told the time was over still counts as in flight", async () => {
    const server = await ownRedis();
    const stores = await openOn(server, { maxInFlight: 1 });
    server.pause();
    const deadline = new AbortController();
    const held = stores.hot.raise(SLOT, 1, deadline.signal);
    deadline.abort(new DOMException("late", "TimeoutError"));
    await expect(held).rejects.toMatchObject({ kind: "deadline_exceeded" });
    await expect(stores.hot.raise(SLOT, 2)).rejects.toMatchObject({ reason: "OVERLOADED" });
    server.resume();
  });
});
