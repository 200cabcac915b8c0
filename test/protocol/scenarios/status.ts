// StatusService over one protocol.
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { Mode, Store } from "../../../gen/dbconn/v1/status_pb.ts";
import { expectFailure } from "../failures.ts";
import { failure } from "../transports.ts";
import type { Scene } from "./scene.ts";

export interface StatusScene extends Scene {
  readonly kinds: { readonly hot: string; readonly durable: string };
}

export function statusScenario(scene: StatusScene): void {
  it("the status names the stores, the mode and the process", async () => {
    const status = await scene.clients.status.getStatus({});
    expect(status).toMatchObject({
      mode: Mode.NORMAL,
      reason: "",
      hot: { kind: scene.kinds.hot, reachable: true },
      durable: { kind: scene.kinds.durable, reachable: true },
    });
    expect(status.generation).toBeGreaterThan(0n);
    expect(status.uptime?.seconds).toBeGreaterThanOrEqual(0n);
    expect([status.version, status.instanceId]).toEqual([
      expect.stringMatching(/^\d/),
      expect.stringMatching(/./),
    ]);
  });

  it("a watch tells the status at once, and ends when its caller does", async () => {
    const stop = new AbortController();
    const watch = scene.clients.status.watchStatus({}, { signal: stop.signal })[Symbol.asyncIterator]();
    const first = await watch.next();
    expect(first.value).toMatchObject({ status: { mode: Mode.NORMAL, hot: { kind: scene.kinds.hot } } });
    const next = watch.next();
    stop.abort();
    // The caller's own library answers, not the service.
    expect(await failure(next)).toMatchObject({ code: Code.Canceled });
  });

  it.each([Store.HOT, Store.DURABLE])("store %s answers a ping", async (store) => {
    const { latency } = await scene.clients.status.pingStore({ store });
    expect(latency).toBeDefined();
  });

  it("a ping has to say which store", async () => {
    const bad = { code: "InvalidArgument", reason: "INVALID_FIELD", fields: ["store"] };
    await expectFailure(scene.clients.status.pingStore({}), bad);
  });
}
