import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, it, onTestFinished } from "vitest";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { sessionManager } from "../server/support.ts";
import { describeWithRedisAndMongo, settingsOf } from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";

const CALLS = 6;
const COUNT = /^dbconn_rpc_duration_seconds_count\{(.*GetStatus.*)\} (\d+)$/gm;

describeWithRedisAndMongo("the metrics of two workers", ({ redis, mongo }) => {
  it("are on one page, whichever of them answers, each under its own label", async () => {
    const server = await startServer({
      env: {
        WORKERS: "2",
        // A store that answers slowly on a busy machine is not an outage.
        GENERATION_LEASE: "10s",
        HOT_TIMEOUT: "5s",
        ...settingsOf({ redis, mongo }),
      },
    });
    onTestFinished(async () => void (await server.stop()));
    for (let n = 0; n < CALLS; n++) {
      // Connections are dealt out in turn.
      const transport = createGrpcTransport({
        baseUrl: server.url,
        sessionManager: sessionManager(server.url),
      });
      await createClient(StatusService, transport).getStatus({});
    }
    // A connection of its own for each, and so both workers are asked.
    const read = async () =>
      (await fetch(`${server.url}/metrics`, { headers: { connection: "close" } })).text();
    for (const page of [await read(), await read()]) {
      const counts = [...page.matchAll(COUNT)].map(([, labels, count]) => ({ labels, count: Number(count) }));
      expect(counts.map(({ labels }) => /worker="(\d)"/.exec(labels ?? "")?.[1]).toSorted()).toEqual([
        "1",
        "2",
      ]);
      expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(CALLS);
      expect(page.match(/^# TYPE dbconn_mode /gm)).toHaveLength(1);
      expect(page).toMatch(/^dbconn_mode\{mode="normal",worker="2"\} [01]$/m);
    }
  });
});
