import { expect, it, onTestFinished } from "vitest";
import { type RedisSentinels, startRedisSentinels } from "../../../scripts/stores/redis-sentinel.ts";
import { describeWithTools } from "../../support/real-stores.ts";
import { adminOf, answering, fillSlot, nextDoubt, openOn, SLOT, UNAVAILABLE } from "./redis-under-fault.ts";

const HEARTBEAT_MS = 200;

async function ownSentinels(): Promise<RedisSentinels> {
  const sentinels = await startRedisSentinels();
  onTestFinished(() => sentinels.stop());
  return sentinels;
}

async function addUser(port: number, name: string): Promise<void> {
  const admin = await adminOf({ url: `redis://127.0.0.1:${port}` });
  await admin.sendCommand(["ACL", "SETUSER", name, "on", ">secret", "~*", "&*", "+@all"]);
}

function openBehind({ url, master }: RedisSentinels) {
  return openOn({ url }, { mode: "sentinel", sentinel: { url, master }, timeoutMs: HEARTBEAT_MS });
}

describeWithTools("Redis Sentinel", ["redis-server"], () => {
  it("a master that is killed is doubted at once, and the one that took its place is another store", async () => {
    const sentinels = await ownSentinels();
    const stores = await openBehind(sentinels);
    const before = await stores.hot.probe();
    await fillSlot(stores);
    const doubt = nextDoubt(stores);
    await sentinels.servers[0].kill();
    await doubt;
    await expect(stores.hot.probe()).rejects.toMatchObject(UNAVAILABLE);
    expect(await answering(stores)).not.toBe(before);
    expect(await sentinels.masterPort()).toBe(sentinels.servers[1].port);
    expect(await stores.hot.peek({ ...SLOT, generation: 2 }, 0)).toBeUndefined();
  });

  it("a master that only stood still is left for the one that took its place", async () => {
    const sentinels = await ownSentinels();
    const stores = await openBehind(sentinels);
    const before = await stores.hot.probe();
    sentinels.servers[0].pause();
    expect(await answering(stores)).not.toBe(before);
    const doubt = nextDoubt(stores);
    const after = await stores.hot.probe();
    // It takes itself for a master until the sentinels tell it otherwise.
    sentinels.servers[0].resume();
    expect(await stores.hot.probe()).toBe(after);
    await sentinels.servers[1].kill();
    await doubt;
  });

  it("the servers' credentials and the sentinels' are each used where they belong", async () => {
    const { servers, sentinels, url, master } = await ownSentinels();
    for (const server of servers) await addUser(server.port, "of-servers");
    for (const sentinel of sentinels) await addUser(sentinel.port, "of-sentinels");
    const ofServers = url.replace("//", "//of-servers:secret@");
    const ofSentinels = url.replace("//", "//of-sentinels:secret@");
    const opened = (at: string, sentinelsAt: string) =>
      openOn({ url: at }, { mode: "sentinel", sentinel: { url: sentinelsAt, master } });
    expect(await fillSlot(await opened(ofServers, ofSentinels))).toBe("stored");
    const swapped = await opened(ofSentinels, ofServers);
    await expect(swapped.hot.probe()).rejects.toMatchObject(UNAVAILABLE);
  });

  it("one sentinel that is away, or hangs, is not missed", async () => {
    const sentinels = await ownSentinels();
    const [first, second] = sentinels.sentinels;
    await first?.kill();
    second?.pause();
    onTestFinished(() => second?.resume());
    const stores = await openBehind(sentinels);
    expect(await fillSlot(stores)).toBe("stored");
  });

  it("a name that no sentinel knows is an outage, which says so", async () => {
    const sentinels = await ownSentinels();
    const stores = await openBehind({ ...sentinels, master: "unknown" });
    const failure = await stores.hot.probe().catch((error: Error) => error);
    expect(failure).toMatchObject(UNAVAILABLE);
    expect(String((failure as Error).cause)).toContain("no sentinel names a master unknown");
  });
});
