// A stampede over gRPC: however many miss the same entry at once, by way of however many processes, one makes it.
import { describe, expect, it, onTestFinished } from "vitest";
import { LeaseOutcome } from "../../gen/dbconn/v1/cache_pb.ts";
import {
  describeWithRedis,
  describeWithRedisAndMongo,
  settingsOf,
  uniqueName,
} from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";
import { whenNormal } from "../support/when-normal.ts";
import { type Clients, connect } from "./transports.ts";

const CALLERS = 100;

async function clientsOf(
  count: number,
  options: Parameters<typeof startServer>[0],
): Promise<readonly Clients[]> {
  const clients: Clients[] = [];
  for (let at = 0; at < count; at++) {
    const server = await startServer(options);
    onTestFinished(async () => {
      await server.stop();
    });
    const over = connect("gRPC", server.url);
    onTestFinished(over.close);
    await whenNormal(over.status);
    clients.push(over);
  }
  return clients;
}

/** The callers go round the clients. Answers how many fills there were, and what every caller got. */
async function stampede(clients: readonly Clients[]) {
  const name = { namespace: uniqueName(), key: "wanted by all" };
  let fills = 0;
  const got = await Promise.all(
    Array.from({ length: CALLERS }, async (_, at) => {
      const cache = clients[at % clients.length]?.cache;
      if (cache === undefined) throw new Error("there is no client");
      const leased = await cache.leaseEntry({ ...name, wait: { seconds: 20n } });
      if (leased.outcome !== LeaseOutcome.GRANTED) return leased.entry?.value.value;
      fills++;
      const value = { case: "text" as const, value: `made by ${at}` };
      await cache.setEntry({ ...name, value, leaseToken: leased.leaseToken });
      return value.value;
    }),
  );
  return { fills, got };
}

async function expectOneFill(clients: readonly Clients[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const { fills, got } = await stampede(clients);
    expect(fills).toBe(1);
    expect(new Set(got).size).toBe(1);
    expect(got[0]).toMatch(/^made by /);
  }
}

/** A store that answers slowly on a busy machine is not an outage. */
const busy = { GENERATION_LEASE: "10s", HOT_TIMEOUT: "5s" };

describe("on memory and SQLite", () => {
  it("100 callers of LeaseEntry on one missing key cause one fill", async () => {
    await expectOneFill(await clientsOf(1, {}));
  });
});

describeWithRedis("on Redis and SQLite", ({ url, prefix }) => {
  it("100 callers of LeaseEntry on one missing key cause one fill", async () => {
    await expectOneFill(await clientsOf(1, { env: { ...busy, REDIS_URL: url, REDIS_PREFIX: prefix } }));
  });
});

describeWithRedisAndMongo("on Redis and the MongoDB wire protocol", ({ redis, mongo }) => {
  it("100 callers of LeaseEntry on one missing key, at two processes, cause one fill", async () => {
    const env = { ...busy, ...settingsOf({ redis, mongo }) };
    await expectOneFill(await clientsOf(2, { env }));
  });
});
