// Bad input over every protocol: a clear error that names the field, and nothing changed.
import { createClient, type Transport } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { View } from "../../gen/dbconn/v1/common_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { cases, name, openEnums } from "./bad-input-cases.ts";
import { expectFailure } from "./failures.ts";
import { type Clients, connect, PROTOCOLS } from "./transports.ts";
import { value } from "./values.ts";

const trues = (length: number) => value(Array.from({ length }, () => true));

const tooMany = (most: number) => ({
  code: "ResourceExhausted",
  reason: "TOO_LARGE",
  message: `the message holds more than ${most} values`,
});

describe("bad input is INVALID_ARGUMENT, names the field, and changes nothing", () => {
  let server: ServerProcess;
  let other: Clients;
  /** All that there is, as JSON: tasks with their histories, schemas, cache. */
  const state = async (): Promise<string> => {
    const { tasks, schemas, cache } = other;
    const { keys } = await cache.listKeys({});
    return JSON.stringify(
      [
        await tasks.listTasks({ view: View.FULL }),
        await tasks.listTaskEvents(name),
        await schemas.listSchemas({ showDeleted: true }),
        await schemas.listSchemaEvents({ name: "bad-input" }),
        keys,
        await cache.getEntry({ key: "k" }),
      ],
      (_, item: unknown) => (typeof item === "bigint" ? String(item) : item),
    );
  };
  let before: string;

  beforeAll(async () => {
    server = await startServer();
    other = connect("gRPC", server.url);
    await other.tasks.createTask({ ...name, data: { kept: 1 } });
    await other.schemas.publishRelease({ name: "bad-input", document: value({ title: "kept" }) });
    await other.cache.setEntry({ key: "k", value: { case: "text", value: "7" }, persist: true });
    before = await state();
  });
  afterAll(async () => {
    other.close();
    await server.stop();
  });

  describe.each(PROTOCOLS)("over %s", (protocol) => {
    let clients: Clients;
    beforeAll(() => {
      clients = connect(protocol, server.url);
    });
    afterAll(async () => {
      clients.close();
      expect(await state()).toBe(before);
    });

    it("a schema of too many values is refused before it is read", async () => {
      const publishing = clients.schemas.publishRelease({ name: "bad-input", document: trues(22_000) });
      await expectFailure(publishing, { ...tooMany(21_000), applied: "no" });
    });

    // A URL has no room for as many.
    if (!protocol.includes("GET")) {
      it("documents of too many values together are refused before they are read", async () => {
        const documents = [trues(130_000), trues(130_000)];
        const judging = clients.schemas.validateDocuments({ name: "bad-input", documents });
        await expectFailure(judging, tooMany(250_000));
      });
    }

    const binary = protocol.includes("JSON") || protocol.includes("GET") ? [] : openEnums;
    it.each([...cases, ...binary])("%s", async (_name, call, fields) => {
      const { reason } = await expectFailure(call(clients), {
        code: "InvalidArgument",
        fields: fields.split(" "),
      });
      expect(["INVALID_FIELD", "INVALID_PAGE_TOKEN", "INVALID_SCHEMA"]).toContain(reason);
    });
  });
});

describe("a compressed message of too many values is refused like any other", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  const compress = { sendCompression: compressionGzip, compressMinBytes: 1 } as const;
  it.each<[string, (baseUrl: string) => Transport]>([
    ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl, ...compress })],
    ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1", ...compress })],
    ["Connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", ...compress })],
    [
      "Connect in JSON",
      (baseUrl) =>
        createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, ...compress }),
    ],
  ])("over %s", async (_protocol, transport) => {
    const schemas = createClient(SchemaService, transport(server.url));
    const publish = (length: number) =>
      schemas.publishRelease({ name: "compressed", document: value({ enum: Array(length).fill(true) }) });
    await expectFailure(publish(22_000), { ...tooMany(21_000), applied: "no" });
    expect((await publish(10)).schema?.name).toBe("compressed");
  });
});
