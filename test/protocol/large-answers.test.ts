// Pages and batches of what takes most as JSON: quotes, line ends, bytes in base64. Each page has to arrive in every
// encoding, within what clients can receive.
import { type DescMessage, type MessageShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BatchGetEntriesResponseSchema, ListKeysResponseSchema } from "../../gen/dbconn/v1/cache_pb.ts";
import { View } from "../../gen/dbconn/v1/common_pb.ts";
import { ListReleasesResponseSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { ListTasksResponseSchema } from "../../gen/dbconn/v1/task_pb.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { reasonOf } from "./scenarios/scene.ts";
import { type Clients, connect, jsonOptions } from "./transports.ts";
import { value } from "./values.ts";

const MIB = 1024 * 1024;
const TASKS = 1000;
const ENTRIES = 20;

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
  const { tasks, schemas, cache, close } = connect("gRPC", server.url);
  const message = '"\n'.repeat(2048);
  const data = { text: "\\\n".repeat(2048), flags: Array.from({ length: 300 }, () => false) };
  // In portions: Node's HTTP/2 client breaks calls off that together wait with more than 10 MB.
  for (let first = 0; first < TASKS; first += 100) {
    const ids = Array.from({ length: 100 }, (_, index) => `t${first + index}`);
    await Promise.all(ids.map((taskId) => tasks.createTask({ kind: "k", taskId, message, data })));
  }
  for (let index = 0; index < ENTRIES; index++) {
    const bytes = new Uint8Array(256 * 1024).fill(index);
    await cache.setEntry({ namespace: "bytes", key: `b${index}`, value: { case: "data", value: bytes } });
  }
  await cache.setEntry({ namespace: "text", key: "t", value: { case: "text", value: "\u0001".repeat(MIB) } });
  for (let release = 1; release <= 8; release++) {
    const document = { $comment: "\u0001".repeat(85_000), title: String(release) };
    await schemas.publishRelease({ name: "s", document: value(document) });
  }
  close();
});
afterAll(() => server?.stop());

function expectToFit<Desc extends DescMessage>(desc: Desc, answer: MessageShape<Desc>): void {
  expect(toBinary(desc, answer).byteLength).toBeLessThanOrEqual(3 * MIB);
  expect(Buffer.byteLength(toJsonString(desc, answer, jsonOptions))).toBeLessThanOrEqual(3 * MIB + 64 * 1024);
}

/** One for each of the two encodings. */
describe.each(["gRPC", "Connect JSON on HTTP/1.1"] as const)("over %s", (protocol) => {
  let clients: Clients;
  beforeAll(() => {
    clients = connect(protocol, server.url);
  });
  afterAll(() => clients.close());

  it.each([View.BASIC, View.FULL])(
    "a list of tasks comes whole, in pages that fit (view %s)",
    async (view) => {
      const found = new Set<string>();
      let pages = 0;
      let pageToken = "";
      do {
        const page = await clients.tasks.listTasks({ kind: "k", pageSize: 1000, view, pageToken });
        expectToFit(ListTasksResponseSchema, page);
        for (const task of page.tasks) found.add(task.taskId);
        pages++;
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(found.size).toBe(TASKS);
      expect(pages).toBeGreaterThan(1);
    },
  );

  it("a batch of bytes is cut where it is full, and says so for each item left out", async () => {
    const keys = Array.from({ length: ENTRIES }, (_, index) => `b${index}`);
    const answer = await clients.cache.batchGetEntries({ namespace: "bytes", keys });
    expectToFit(BatchGetEntriesResponseSchema, answer);
    const entries = answer.results.filter(({ result }) => result.case === "entry");
    expect(entries.length).toBeGreaterThan(5);
    for (const { result } of answer.results.slice(entries.length)) {
      expect(result.case === "status" && reasonOf(result.value)).toBe("TOO_LARGE");
    }
  });

  it("keys with their values come whole, in pages that fit", async () => {
    const found = new Set<string>();
    let pageToken = "";
    do {
      const page = await clients.cache.listKeys({ namespace: "bytes", includeValues: true, pageToken });
      expectToFit(ListKeysResponseSchema, page);
      for (const key of page.keys) found.add(key);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(found.size).toBe(ENTRIES);
  });

  it("releases with their documents come whole, in pages that fit", async () => {
    const found: number[] = [];
    let pageToken = "";
    do {
      const page = await clients.schemas.listReleases({ name: "s", view: View.FULL, pageToken });
      expectToFit(ListReleasesResponseSchema, page);
      found.push(...page.releases.map(({ release }) => release));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(found).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it("the largest entry arrives, whatever it holds", async () => {
    const { entry } = await clients.cache.getEntry({ namespace: "text", key: "t" });
    expect(entry?.value.value).toHaveLength(MIB);
  });
});
