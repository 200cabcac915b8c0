// Many clients publish to few schemas, and revert, delete, restore and purge them, over real processes. What they saw
// and the audit trail in the end have to agree.
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Compatibility, Outcome, SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { checkSchemas } from "../support/history/schemas/check.ts";
import type { FinalSchema, SchemaOperation } from "../support/history/schemas/operation.ts";
import { describeWithRedisAndMongo, settingsOf, uniqueName } from "../support/real-stores.ts";
import { readFinalSchema } from "../support/schema-load/final.ts";
import { documentOf, mayFollow, SchemaLoad, type SchemaLoadOptions } from "../support/schema-load/load.ts";
import { SchemaRecorder } from "../support/schema-load/recorder.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { Random } from "../unit/schemas/compatibility/support/random-schemas.ts";
import { value } from "./values.ts";

interface Run {
  readonly clients: readonly Client<typeof SchemaService>[];
  readonly operations: readonly SchemaOperation[];
  readonly final: readonly FinalSchema[];
}

const TEST_MS = 120_000;
const DEADLINE_MS = 20_000;

describe("on SQLite, under 50 publishers", () => {
  keepsItsPromises([{}], { schemas: 3, clients: 50 }, 25);
});

describeWithRedisAndMongo("on two instances over Redis and the MongoDB wire protocol", ({ redis, mongo }) => {
  const env = {
    // A store that answers slowly on a busy machine is not an outage.
    GENERATION_LEASE: "10s",
    DURABLE_TIMEOUT: "15s",
    ...settingsOf({ redis, mongo }),
  };
  keepsItsPromises([env, env], { schemas: 2, clients: 12 }, 25);
});

/** By one client alone, so that no run is without any of it. */
async function everythingOnce(
  recorder: SchemaRecorder,
  schemas: Client<typeof SchemaService>,
  name: string,
): Promise<void> {
  let count = 0;
  const next = () => {
    const requestId = `last-${++count}@${name}`;
    return {
      client: "last",
      schemas,
      name,
      deadlineMs: DEADLINE_MS,
      requestId,
      actor: "s0",
      note: `because of ${requestId}`,
    };
  };
  const [loose, strict] = [documentOf([]), documentOf(["a", "b", "c"])];
  await recorder.undelete(next());
  await recorder.setMode(next(), Compatibility.NONE);
  await recorder.publish(next(), documentOf(["a"]));
  await recorder.publish(next(), strict);
  const published = await recorder.publish(next(), loose);
  const latest = published.answer?.outcome === "ok" ? (published.answer.schema?.latest ?? 0) : 0;
  await recorder.publish(next(), loose);
  await recorder.setMode(next(), Compatibility.BACKWARD);
  await recorder.publish(next(), strict);
  await recorder.setMode(next(), Compatibility.NONE);
  await recorder.revert(next(), latest - 1);
  await recorder.revert(next(), latest + 1);
  // Old content again, then the active release goes.
  await recorder.publish(next(), loose);
  await recorder.deleteRelease(next(), latest + 1);
  await recorder.delete(next());
  await recorder.publish(next(), strict);
  await recorder.undelete(next());
  await recorder.delete(next());
  await recorder.purge(next());
  await recorder.publish(next(), strict);
}

function keepsItsPromises(
  envs: readonly Readonly<Record<string, string>>[],
  options: Pick<SchemaLoadOptions, "schemas" | "clients">,
  calls: number,
): void {
  const servers: ServerProcess[] = [];
  const sessions: Http2SessionManager[] = [];
  let run: Run = { clients: [], operations: [], final: [] };

  beforeAll(async () => {
    servers.push(...(await Promise.all(envs.map((env) => startServer({ env })))));
    const instances = servers.map(({ url }) => {
      const sessionManager = new Http2SessionManager(url);
      sessions.push(sessionManager);
      return createClient(SchemaService, createGrpcTransport({ baseUrl: url, sessionManager }));
    });
    const [first] = instances;
    if (first === undefined) throw new Error("there is no instance");
    const random = new Random(1);
    const recorder = new SchemaRecorder();
    const load = new SchemaLoad(
      () => instances,
      { ...options, prefix: uniqueName(), deadlineMs: DEADLINE_MS, random: () => random.next() },
      recorder,
    );
    await load.run(calls);
    for (const name of load.names) await everythingOnce(recorder, first, name);
    const final = await Promise.all(load.names.map((name) => readFinalSchema(first, name)));
    run = { clients: instances, operations: recorder.operations, final };
  }, TEST_MS);

  afterAll(async () => {
    for (const session of sessions) session.abort();
    await Promise.all(servers.map((server) => server.stop()));
  });

  it("answers, audit trail and active pointer agree, and S1 to S5 hold", () => {
    expect(checkSchemas({ ...run, mayFollow })).toEqual([]);
  });

  it("every call is answered, and by the rules of schemas", () => {
    const reasons = new Set(
      run.operations.flatMap(({ answer }) => (answer?.outcome === "failed" ? [answer.reason] : [])),
    );
    expect([
      "CONTENTION",
      // Of a store that is too busy to answer in time.
      "DURABLE_STORE_UNAVAILABLE",
      "INCOMPATIBLE_SCHEMA",
      "ONLY_RELEASE",
      "OVERLOADED",
      "RELEASE_NOT_FOUND",
      "SCHEMA_DELETED",
      "SCHEMA_NOT_DELETED",
      "SCHEMA_NOT_FOUND",
    ]).toEqual(expect.arrayContaining([...reasons]));
    // A load in which nothing met anything would prove nothing.
    expect(run.operations.length).toBeGreaterThan(calls * options.clients);
    for (const reason of ["INCOMPATIBLE_SCHEMA", "SCHEMA_DELETED", "RELEASE_NOT_FOUND"]) {
      expect(reasons).toContain(reason);
    }
    const unchanged = run.operations.filter(
      ({ call, answer }) =>
        call.method === "publish" && answer?.outcome === "ok" && answer.appliedRevision === 0,
    );
    expect(unchanged.length).toBeGreaterThan(0);
  });

  it(
    "the same content published at once by all makes one release",
    async () => {
      const clients = run.clients.flatMap((schemas) =>
        Array.from({ length: options.clients }, () => schemas),
      );
      const name = uniqueName();
      const document = value(documentOf(["a"]));
      const answers = await Promise.all(
        clients.map((schemas) => schemas.publishRelease({ name, document }, { timeoutMs: DEADLINE_MS })),
      );
      const outcomes = answers.map(({ outcome }) => outcome).toSorted((a, b) => a - b);
      expect(outcomes).toEqual([Outcome.CREATED, ...clients.slice(1).map(() => Outcome.UNCHANGED)]);
      expect(new Set(answers.map(({ release }) => release?.release))).toEqual(new Set([1]));
    },
    TEST_MS,
  );

  it("publishing, reverting, deleting, restoring and purging each leave who, what and why", () => {
    const events = run.final.flatMap((schema) => schema.events);
    const types = Map.groupBy(events, ({ type }) => type);
    console.info(
      `${run.operations.length} calls; ${[...types].map(([type, { length }]) => `${type} ${length}`).join(", ")}`,
    );
    for (const type of [
      "PUBLISHED",
      "REVERTED",
      "RELEASE_DELETED",
      "UPDATED",
      "DELETED",
      "RESTORED",
      "PURGED",
    ] as const) {
      const [event] = types.get(type) ?? [];
      expect(event).toMatchObject({
        note: `because of ${event?.requestId}`,
        actor: expect.stringMatching(/^s\d+$/),
      });
    }
    // Old content that is published again is a release of its own.
    const published = new Map(run.operations.map(({ requestId, call }) => [requestId, call]));
    const contents = (types.get("PUBLISHED") ?? []).map(({ requestId }) => published.get(requestId));
    expect(new Set(contents.map((call) => JSON.stringify(call))).size).toBeLessThan(contents.length);
  });
}
