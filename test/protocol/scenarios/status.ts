// StatusService over one protocol.
import { expect, it } from "vitest";
import { Mode, Store } from "../../../gen/dbconn/v1/status_pb.ts";
import { expectFailure } from "../failures.ts";
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

  it.each([Store.HOT, Store.DURABLE])("store %s answers a ping", async (store) => {
    const { latency } = await scene.clients.status.pingStore({ store });
    expect(latency).toBeDefined();
  });

  it("a ping has to say which store", async () => {
    const bad = { code: "InvalidArgument", reason: "INVALID_FIELD", fields: ["store"] };
    await expectFailure(scene.clients.status.pingStore({}), bad);
  });
}
