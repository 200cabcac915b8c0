// Hints of confirmed writes across instances, while the server comes and goes.
import { expect, it, onTestFinished } from "vitest";
import type { HotStore } from "../../../src/ports/hot-store.ts";
import { describeWithTools } from "../../support/real-stores.ts";
import { adminOf, answering, LONG_MS, openOn, ownRedis, SLOT } from "./redis-under-fault.ts";

const ONE = { value: "one", revision: 1, ttlMs: LONG_MS };

/** What the store tells, in its order. */
function hintsOf(hot: HotStore) {
  const waiting: ((hint: string | undefined) => void)[] = [];
  const told: (string | undefined)[] = [];
  const stop = hot.onConfirmed((key) => {
    const next = waiting.shift();
    if (next === undefined) told.push(key);
    else next(key);
  });
  onTestFinished(stop);
  const one = (): Promise<string | undefined> =>
    told.length > 0 ? Promise.resolve(told.shift()) : new Promise((resolve) => waiting.push(resolve));
  /** The next key; that hints begin may be said any number of times before. */
  const next = async (): Promise<string> => {
    for (;;) {
      const hint = await one();
      if (hint !== undefined) return hint;
    }
  };
  const begun = async () => expect(await one()).toBeUndefined();
  return { one, next, begun, stop };
}

describeWithTools("hints of confirmed writes", ["redis-server"], () => {
  it("reach other instances, and begin again after the server was away", async () => {
    const server = await ownRedis();
    const [here, there] = [await openOn(server), await openOn(server)];
    const hints = hintsOf(there.hot);
    await hints.begun();
    await here.hot.confirm(SLOT, ONE);
    expect(await hints.next()).toBe(SLOT.key);
    await server.kill();
    await server.restart();
    await hints.begun();
    await answering(here);
    // A hint is lost while the socket is made once more; then it is said that hints begin.
    do await here.hot.confirm(SLOT, ONE);
    while ((await hints.one()) === undefined);
  });

  it("of another prefix are not heard", async () => {
    const server = await ownRedis();
    const [here, other] = [await openOn(server), await openOn(server, { prefix: "other" })];
    const hints = hintsOf(here.hot);
    await hints.begun();
    await other.hot.confirm({ ...SLOT, key: "task/other/1" }, ONE);
    await here.hot.confirm(SLOT, ONE);
    expect(await hints.next()).toBe(SLOT.key);
  });

  it("cost a socket only while somebody listens", async () => {
    const server = await ownRedis();
    const { hot } = await openOn(server);
    const admin = await adminOf(server);
    const subscribers = async () => {
      const clients = String(await admin.sendCommand(["CLIENT", "LIST"]));
      return clients.split("\n").filter((line) => / sub=1 /.test(line)).length;
    };
    expect(await subscribers()).toBe(0);
    const hints = hintsOf(hot);
    await hints.begun();
    expect(await subscribers()).toBe(1);
    hints.stop();
    const signal = AbortSignal.timeout(20_000);
    while ((await subscribers()) > 0) signal.throwIfAborted();
  });

  it("that may not be given or heard cost no write", async () => {
    const server = await ownRedis();
    const admin = await adminOf(server);
    const rules = ["on", "nopass", "~*", "+@all", "resetchannels"];
    await admin.sendCommand(["ACL", "SETUSER", "bounded", ...rules]);
    const url = server.url.replace("redis://", "redis://bounded:any@");
    const { hot } = await openOn({ url });
    onTestFinished(hot.onConfirmed(() => {}));
    await hot.getOrLease(SLOT, { minRevision: 0, token: "t", leaseMs: LONG_MS });
    await hot.fill(SLOT, "t", ONE);
    await hot.confirm(SLOT, { ...ONE, value: "two", revision: 2 });
    expect(await hot.peek(SLOT, 2)).toMatchObject({ value: "two" });
  });
});
