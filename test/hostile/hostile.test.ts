// Schemas of strangers that mean harm, published and judged by, over a real process.
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { expectFailure } from "../protocol/failures.ts";
import { value } from "../protocol/values.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { prepareAttack } from "./attack.ts";
import { HOSTILE, type HostileCase } from "./cases.ts";

describe("a hostile schema", () => {
  let server: ServerProcess;
  let session: Http2SessionManager;
  let schemas: Client<typeof SchemaService>;
  let cache: Client<typeof CacheService>;
  beforeAll(async () => {
    server = await startServer();
    session = new Http2SessionManager(server.url);
    const transport = createGrpcTransport({ baseUrl: server.url, sessionManager: session });
    schemas = createClient(SchemaService, transport);
    cache = createClient(CacheService, transport);
  }, 60_000);
  afterAll(async () => {
    session.abort();
    await server.stop();
  });

  const refused = HOSTILE.flatMap(({ name, schema, outcome }) =>
    typeof outcome === "string" ? [] : [{ name, schema, field: outcome.refused }],
  );
  const of = (expected: HostileCase["outcome"]) => HOSTILE.filter(({ outcome }) => outcome === expected);

  it.each(refused)("is refused by its field: $name", async ({ schema, field }) => {
    const publishing = schemas.publishRelease({ name: "refused", document: value(schema) });
    const { fields } = await expectFailure(publishing, { code: "InvalidArgument", applied: "no" });
    expect(fields).toContain(field);
  });

  it.each(of("too large"))("is refused before it is read: $name", async ({ schema }) => {
    const publishing = schemas.publishRelease({ name: "refused", document: value(schema) });
    await expectFailure(publishing, { code: "ResourceExhausted", reason: "TOO_LARGE", applied: "no" });
  });

  /** About as much as a document may be. */
  const honest = (title: string) => ({
    title,
    properties: Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`p${i}`, { type: "string", description: "d".repeat(4_000) }]),
    ),
  });

  it("does not keep back a large one that means no harm", { timeout: 60_000 }, async () => {
    const published = await schemas.publishRelease({ name: "alone", document: value(honest("alone")) });
    expect(published.release?.release).toBe(1);

    const hostile = HOSTILE.find(({ name }) => name === "an enum of more values than may be");
    if (hostile === undefined) throw new Error("there is no such schema");
    const attack = prepareAttack(server.url, hostile);
    let over = false;
    const attacker = async () => {
      const outcomes = new Set<string>();
      while (!over) for (const outcome of await attack()) outcomes.add(outcome);
      return [...outcomes];
    };
    const attacked = Promise.all([attacker(), attacker(), attacker()]);
    const reading = async () => {
      while (!over) await cache.getEntry({ key: "k" });
    };
    await cache.setEntry({ key: "k", value: { case: "text", value: "v" } });
    const read = reading();
    try {
      for (const title of ["1", "2", "3"]) {
        const { schema } = await schemas.publishRelease({ name: "beside", document: value(honest(title)) });
        expect(schema?.latestRelease).toBe(Number(title));
      }
    } finally {
      over = true;
      await Promise.allSettled([read, attacked]);
    }
    await read;
    expect(await attacked).toEqual([["INVALID_FIELD"], ["INVALID_FIELD"], ["INVALID_FIELD"]]);
  });

  it.each(of("bounded"))(
    "is bounded, and other calls are answered: $name",
    { timeout: 60_000 },
    async (hostile) => {
      const outcomes = await prepareAttack(server.url, hostile)();
      expect(["ok", "TOO_COMPLEX"]).toEqual(expect.arrayContaining([...new Set(outcomes)]));
      expect(outcomes.length).toBeGreaterThan(0);
      await cache.setEntry({ key: "k", value: { case: "text", value: hostile.name } });
      const { entry } = await cache.getEntry({ key: "k" });
      expect(entry?.value.value).toBe(hostile.name);
    },
  );
});
