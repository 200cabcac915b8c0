import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Mode, StatusService, Store } from "../../../gen/dbconn/v1/status_pb.ts";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import type { StoresState } from "../../../src/consistency/stores-view.ts";
import { type StatusContext, watchStatus } from "../../../src/domain/status/status.ts";
import { unavailable } from "../../../src/errors.ts";
import { duration, timestamp } from "../../../src/rpc/convert.ts";
import { createStatusService } from "../../../src/rpc/status-service.ts";
import { clientOf, errorOf } from "../rpc/support.ts";

const STATE: StoresState = {
  mode: "normal",
  reason: "",
  hot: { kind: "redis", reachable: true, latencyMs: 0.25, since: 1000 },
  durable: { kind: "mongodb", reachable: true, latencyMs: 2, since: 2000 },
  generation: 12,
  backlog: 3,
};

function serve(stores: Partial<StatusContext["stores"]>) {
  let uptime = 5000;
  const view: StatusContext["stores"] = { state: () => STATE, ping: async () => {}, ...stores };
  const listeners = new Set<() => void>();
  const onChange = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const context = { stores: view, onChange, uptime: () => uptime, version: "1.2.3", instanceId: "one" };
  const stir = () => {
    for (const listener of listeners) listener();
  };
  const pass = (ms: number) => {
    uptime += ms;
  };
  return { ...clientOf(StatusService, createStatusService(context)), context, listeners, pass, stir };
}

describe("StatusService", () => {
  it("GetStatus tells all that is known of this instance and its stores", async () => {
    const { client } = serve({});
    const status = await client.getStatus({});
    expect(status).toMatchObject({
      mode: Mode.NORMAL,
      reason: "",
      hot: { kind: "redis", reachable: true, latency: duration(0.25), since: timestamp(1000) },
      durable: { kind: "mongodb", reachable: true, latency: duration(2), since: timestamp(2000) },
      generation: 12n,
      backlog: 3n,
      uptime: duration(5000),
      version: "1.2.3",
      instanceId: "one",
    });
  });

  it.each([
    ["hot_bypassed", Mode.HOT_BYPASSED],
    ["durable_down", Mode.DURABLE_DOWN],
  ] as const)("GetStatus answers in the mode %s, too, and says why", async (mode, number) => {
    const hot = { ...STATE.hot, reachable: false, latencyMs: undefined };
    const { client } = serve({ state: () => ({ ...STATE, mode, reason: "because", hot }) });
    const status = await client.getStatus({});
    expect(status).toMatchObject({ mode: number, reason: "because", hot: { reachable: false } });
    expect(status.hot?.latency).toBeUndefined();
  });

  it("a watch tells the status at once and at each change, and nothing for what is no news", async () => {
    let state = STATE;
    const { context, listeners, stir } = serve({ state: () => state });
    const stop = new AbortController();
    const watch = watchStatus(context, stop.signal);
    expect((await watch.next()).value).toMatchObject({ mode: "normal" });
    const next = watch.next();
    state = { ...STATE, backlog: 9, hot: { ...STATE.hot, latencyMs: 7 } };
    stir();
    // Taken by the watch before the change below, if it took it for news.
    await new Promise((resolve) => setImmediate(resolve));
    state = { ...STATE, mode: "hot_bypassed", reason: "away", hot: { ...STATE.hot, reachable: false } };
    stir();
    expect((await next).value).toMatchObject({ mode: "hot_bypassed", reason: "away" });
    // While the reader is busy.
    state = STATE;
    stir();
    expect((await watch.next()).value).toMatchObject({ mode: "normal" });
    const end = watch.next();
    stop.abort();
    expect(await end).toEqual({ done: true, value: undefined });
    expect(listeners.size).toBe(0);
  });

  it("WatchStatus answers what GetStatus does, and a cancelled caller leaves nothing behind", async () => {
    const { client, listeners } = serve({});
    const stop = new AbortController();
    const watch = client.watchStatus({}, { signal: stop.signal })[Symbol.asyncIterator]();
    expect((await watch.next()).value?.status).toEqual(await client.getStatus({}));
    expect(listeners.size).toBe(1);
    const next = watch.next();
    stop.abort();
    expect((await errorOf(next)).code).toBe(Code.Canceled);
    await new Promise((resolve) => setImmediate(resolve));
    expect(listeners.size).toBe(0);
  });

  it.each([
    [Store.HOT, "hot"],
    [Store.DURABLE, "durable"],
  ])("PingStore of %d times one round trip to the %s store", async (store, name) => {
    const pinged: string[] = [];
    const served = serve({
      ping: async (which) => {
        pinged.push(which);
        served.pass(1.5);
      },
    });
    expect((await served.client.pingStore({ store })).latency).toEqual(duration(1.5));
    expect(pinged).toEqual([name]);
  });

  it("PingStore of a store that does not answer is UNAVAILABLE", async () => {
    const { client } = serve({ ping: () => Promise.reject(unavailable("durable")) });
    expect((await errorOf(client.pingStore({ store: Store.DURABLE }))).code).toBe(Code.Unavailable);
  });

  it.each([Store.UNSPECIFIED, 9 as Store])("PingStore of the store %d names the field", async (store) => {
    const { client } = serve({ ping: () => Promise.reject(new Error("asked all the same")) });
    const error = await errorOf(client.pingStore({ store }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([{ field: "store" }]);
  });
});
