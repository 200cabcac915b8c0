// Many clients, two processes, one task: no merge is lost, on either process, by either consistency.
import { afterAll, beforeAll, expect, it } from "vitest";
import { Consistency } from "../../gen/dbconn/v1/common_pb.ts";
import { describeWithRedisAndMongo, settingsOf } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { whenNormal } from "../support/when-normal.ts";
import { type Clients, connect } from "./transports.ts";

const MERGES = 200;
const keys = Array.from({ length: MERGES }, (_, index) => `k${index}`);

describeWithRedisAndMongo("two processes on the same Redis and MongoDB", ({ redis, mongo }) => {
  let servers: readonly ServerProcess[] = [];
  let clients: readonly Clients[] = [];

  beforeAll(async () => {
    const env = {
      // A store that answers slowly on a busy machine is not an outage.
      GENERATION_LEASE: "10s",
      ...settingsOf({ redis, mongo }),
    };
    servers = await Promise.all([startServer({ env }), startServer({ env })]);
    clients = servers.map(({ url }) => connect("gRPC", url));
    for (const { status } of clients) {
      await whenNormal(status);
    }
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  const patches = [
    ["of different keys", (key: string, index: number) => ({ [key]: index })],
    ["of different keys below one", (key: string, index: number) => ({ results: { [key]: index } })],
  ] as const;

  it.each(patches)(
    "200 concurrent merges %s are all there, at revision 201",
    async (kind, patchOf) => {
      const name = { kind: "merge", taskId: kind.replaceAll(" ", "-") };
      await clients[0]?.tasks.createTask(name);
      const merged = await Promise.all(
        keys.map((key, index) =>
          clients[index % 2]?.tasks.updateTask({ ...name, data: patchOf(key, index) }),
        ),
      );
      const revisions = merged.map((answer) => Number(answer?.appliedRevision)).sort((a, b) => a - b);
      expect(revisions).toEqual(Array.from({ length: MERGES }, (_, index) => index + 2));

      const flat = Object.fromEntries(keys.map((key, index) => [key, index]));
      const data = "results" in patchOf("k0", 0) ? { results: flat } : flat;
      for (const { tasks } of clients) {
        for (const consistency of [Consistency.FAST, Consistency.STRONG]) {
          const { task, provenance } = await tasks.getTask({ ...name, consistency });
          expect(task).toMatchObject({ revision: BigInt(MERGES + 1), data });
          expect(Object.keys(task?.data ?? {})).toHaveLength("results" in data ? 1 : MERGES);
          expect(provenance?.degraded).toBe(false);
        }
        const { events } = await tasks.listTaskEvents({ ...name, pageSize: 1000 });
        expect(events.map(({ revision }) => Number(revision))).toEqual([1, ...revisions]);
      }
    },
    60_000,
  );
});
