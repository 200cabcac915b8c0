// Schemas of strangers that mean harm, published and judged by, over a real process.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { expectFailure } from "../protocol/failures.ts";
import { value } from "../protocol/values.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { attack, type Clients } from "./attack.ts";
import { HOSTILE } from "./cases.ts";

describe("a hostile schema", () => {
  let server: ServerProcess;
  let session: Http2SessionManager;
  let clients: Clients;
  beforeAll(async () => {
    server = await startServer();
    session = new Http2SessionManager(server.url);
    const transport = createGrpcTransport({ baseUrl: server.url, sessionManager: session });
    clients = {
      schemas: createClient(SchemaService, transport),
      cache: createClient(CacheService, transport),
    };
  }, 60_000);
  afterAll(async () => {
    session.abort();
    await server.stop();
  });

  const refused = HOSTILE.flatMap((hostile) =>
    hostile.outcome === "bounded" ? [] : [[hostile.name, hostile] as const],
  );
  const bounded = HOSTILE.filter(({ outcome }) => outcome === "bounded");

  it.each(refused)("is refused by its field: %s", async (_, { schema, outcome }) => {
    const publishing = clients.schemas.publishRelease({ name: "refused", document: value(schema) });
    const { fields } = await expectFailure(publishing, { code: "InvalidArgument", applied: "no" });
    expect(fields).toContain(outcome === "bounded" ? "" : outcome.refused);
  });

  it.each(bounded.map((hostile) => [hostile.name, hostile] as const))(
    "is bounded, and other calls are answered: %s",
    { timeout: 60_000 },
    async (_, hostile) => {
      const outcomes = await attack(clients, hostile);
      expect(["ok", "TOO_COMPLEX"]).toEqual(expect.arrayContaining([...new Set(outcomes)]));
      expect(outcomes.length).toBeGreaterThan(0);
      await clients.cache.setEntry({ key: "k", value: { case: "text", value: hostile.name } });
      const { entry } = await clients.cache.getEntry({ key: "k" });
      expect(entry?.value.value).toBe(hostile.name);
    },
  );
});
