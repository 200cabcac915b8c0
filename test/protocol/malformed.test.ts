// Requests that are no messages: broken JSON and protobuf, wrong types and names, broken frames. Sent by hand, since
// no client library would.
import { once } from "node:events";
import http2 from "node:http2";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorFromJson } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CreateTaskRequestSchema } from "../../gen/dbconn/v1/task_pb.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { describeFailure, type Failure } from "./failures.ts";
import { connect } from "./transports.ts";

const CREATE = "dbconn.v1.TaskService/CreateTask";
const WATCH = "dbconn.v1.TaskService/WatchTasks";

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  const clients = connect("gRPC", server.url);
  try {
    expect((await clients.tasks.listTasks({})).tasks).toEqual([]);
    expect((await clients.cache.listKeys({})).keys).toEqual([]);
    expect((await clients.schemas.listSchemas({})).schemas).toEqual([]);
  } finally {
    clients.close();
    await server.stop();
  }
});

/** What a Connect call without a library is answered. */
async function post(method: string, body: string | Uint8Array, type = "application/json"): Promise<Failure> {
  const headers = type === "" ? {} : { "content-type": type };
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const answer = await fetch(`${server.url}/${method}`, {
    method: "POST",
    headers,
    body: new Uint8Array(bytes),
  });
  return connectFailure(answer);
}

async function connectFailure(answer: Response): Promise<Failure> {
  const fallback = new ConnectError(`HTTP ${answer.status}`, Code.Unknown);
  return describeFailure(errorFromJson(JSON.parse(await answer.text()), undefined, fallback));
}

/** What a gRPC call of that one frame is answered. */
async function grpc(method: string, bytes: Uint8Array, type = "application/grpc"): Promise<Failure> {
  const session = http2.connect(server.url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": `/${method}`,
      "content-type": type,
      te: "trailers",
    });
    const headers = new Headers();
    const keep = (found: http2.IncomingHttpHeaders) => {
      for (const [key, item] of Object.entries(found))
        if (!key.startsWith(":")) headers.set(key, String(item));
    };
    stream.on("response", keep);
    stream.on("trailers", keep);
    let body = Buffer.alloc(0);
    stream.on("data", (chunk: Buffer) => {
      body = Buffer.concat([body, chunk]);
    });
    stream.end(bytes);
    await once(stream, "end");
    // gRPC-Web has its trailers in a last frame.
    const trailers = body.subarray(5).toString("latin1");
    for (const line of body[0] === 0x80 ? trailers.trim().split("\r\n") : []) {
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    const error = findTrailerError(headers);
    if (error === undefined) throw new Error("the call was answered OK");
    return describeFailure(error);
  } finally {
    session.destroy();
  }
}

function frame(message: Uint8Array, flags = 0): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

const listed = (field: string) => (field === "" ? [] : [field]);
const malformed = { code: "InvalidArgument", domain: "dbconn", reason: "MALFORMED_REQUEST", applied: "no" };

const json: readonly (readonly [name: string, method: string, body: string, field: string])[] = [
  ["broken JSON", CREATE, '{"kind": ', ""],
  ["nothing", CREATE, "", ""],
  ["an array", CREATE, "[]", ""],
  ["a field that there is not", CREATE, '{"kynd": "a"}', "kynd"],
  ["a number for text", CREATE, '{"kind": 1}', "kind"],
  ["text for a number", CREATE, '{"kind": "a", "code": "b"}', "code"],
  ["a number that is too large", CREATE, '{"code": 1e20}', "code"],
  ["a state that there is not", CREATE, '{"kind": "a", "state": "TASK_STATE_NOPE"}', "state"],
  ["an array for an object", CREATE, '{"data": [1]}', "data"],
  ["a name twice", CREATE, '{"task_id": "a", "taskId": "b"}', "task_id"],
  ["a key twice", CREATE, '{"kind": "a", "kind": "b"}', "kind"],
  ["JSON of 10,000 levels", CREATE, `{"data": ${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`, "data"],
  ["a list's item", "dbconn.v1.TaskService/ListTasks", '{"states": ["TASK_STATE_FAILED", "x"]}', "states[1]"],
  [
    "a time that is none",
    "dbconn.v1.TaskService/ListTasks",
    '{"created_after": "yesterday"}',
    "created_after",
  ],
  ["a mask that is none", "dbconn.v1.TaskService/UpdateTask", '{"update_mask": 5}', "update_mask"],
  ["a lifetime that is none", "dbconn.v1.CacheService/SetEntry", '{"key": "k", "ttl": "soon"}', "ttl"],
  ["bytes that are no base64", "dbconn.v1.CacheService/SetEntry", '{"key": "k", "data": "*"}', "data"],
  ["two values", "dbconn.v1.CacheService/SetEntry", '{"key": "k", "text": "a", "data": "YQ=="}', "value"],
  [
    "an item of a batch",
    "dbconn.v1.CacheService/BatchSetEntries",
    '{"requests": [{"key": "a"}, {"key": 1}]}',
    "requests[1].key",
  ],
  [
    "an int64 that is too large",
    "dbconn.v1.CacheService/IncrementEntry",
    '{"delta": "9999999999999999999"}',
    "delta",
  ],
  ["a label that is a number", "dbconn.v1.SchemaService/PublishRelease", '{"labels": {"a": 1}}', "labels"],
  [
    "documents that are no list",
    "dbconn.v1.SchemaService/ValidateDocuments",
    '{"documents": {}}',
    "documents",
  ],
];

describe("JSON that is no request is MALFORMED_REQUEST and names the field where one is at fault", () => {
  it.each(json)("over Connect: %s", async (_name, method, body, field) => {
    expect(await post(method, body)).toMatchObject({ ...malformed, fields: listed(field) });
  });

  it.each(json)("over gRPC: %s", async (_name, method, body, field) => {
    const answer = await grpc(method, frame(new TextEncoder().encode(body)), "application/grpc+json");
    expect(answer).toMatchObject({ ...malformed, fields: listed(field) });
  });

  it.each(json)("over gRPC-Web: %s", async (_name, method, body, field) => {
    const answer = await grpc(method, frame(new TextEncoder().encode(body)), "application/grpc-web+json");
    expect(answer).toMatchObject({ ...malformed, fields: listed(field) });
  });

  it("over Connect GET: a field that there is not", async () => {
    const query = new URLSearchParams({ encoding: "json", message: '{"kynd": "a"}' });
    const answer = await fetch(`${server.url}/dbconn.v1.TaskService/GetTask?${query}`);
    expect(answer.status).toBe(400);
    expect(await connectFailure(answer)).toMatchObject({ ...malformed, fields: ["kynd"] });
  });

  it.each(["json", "proto"])("over Connect GET: a message of %s that is no base64", async (encoding) => {
    const query = new URLSearchParams({ encoding, base64: "1", message: "%%" });
    const answer = await fetch(`${server.url}/dbconn.v1.TaskService/GetTask?${query}`);
    expect(answer.status).toBe(400);
    expect(await connectFailure(answer)).toMatchObject({ ...malformed, fields: ["message"] });
  });

  const noUtf8 = Buffer.from('{"kind": "a", "task_id": "1", "message": "\xff"}', "latin1");
  it("over Connect: text that is no UTF-8", async () => {
    expect(await post(CREATE, noUtf8)).toMatchObject({ ...malformed, fields: [] });
  });
  it.each(["grpc", "grpc-web"])("over %s: JSON text that is no UTF-8", async (protocol) => {
    const answer = await grpc(CREATE, frame(noUtf8), `application/${protocol}+json`);
    expect(answer).toMatchObject({ ...malformed, fields: [] });
  });
});

/** A task whose data has that many levels, without recursion. */
function deepTask(levels: number): Uint8Array {
  const chunks: Buffer[] = [];
  let length = 0;
  const wrap = (...tag: number[]) => {
    const head = Buffer.from([...tag, ...varint(length)]);
    chunks.unshift(head);
    length += head.byteLength;
  };
  for (let level = 0; level < levels; level++) {
    // Value.struct_value of the entry; the entry, after its key; Struct.fields.
    wrap(0x2a);
    const key = Buffer.from([0x0a, 1, 97]);
    wrap(0x12);
    chunks.unshift(key);
    length += key.byteLength;
    wrap(0x0a);
  }
  wrap(0x42);
  return Buffer.concat([message(CreateTaskRequestSchema, { kind: "a", taskId: "1" }), ...chunks]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function message<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>): Uint8Array {
  return toBinary(desc, create(desc, init));
}

describe("bytes that are no request are MALFORMED_REQUEST", () => {
  const noProtobuf = Buffer.from([0x0a, 0xff]);
  const noText = Buffer.from([0x0a, 2, 0xff, 0xfe]);
  const good = message(CreateTaskRequestSchema, { kind: "a", taskId: "1" });
  const bodies: readonly (readonly [name: string, body: Uint8Array, field: string])[] = [
    ["no protobuf", noProtobuf, ""],
    ["text that is no UTF-8", noText, ""],
    ["JSON of 1,000 levels", deepTask(1_000), "data"],
  ];

  it.each(bodies)("over Connect: %s", async (_name, body, field) => {
    expect(await post(CREATE, body, "application/proto")).toMatchObject({
      ...malformed,
      fields: listed(field),
    });
  });
  it.each(bodies)("over gRPC: %s", async (_name, body, field) => {
    expect(await grpc(CREATE, frame(body))).toMatchObject({ ...malformed, fields: listed(field) });
  });
  it.each(bodies)("over gRPC-Web: %s", async (_name, body, field) => {
    expect(await grpc(CREATE, frame(body), "application/grpc-web")).toMatchObject({
      ...malformed,
      fields: listed(field),
    });
  });

  const frames: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ["a frame that ends early", frame(good).subarray(0, 6)],
    ["a frame without its head", Buffer.from([0, 0])],
    ["a compressed frame of no compression", frame(good, 1)],
  ];
  it.each(frames)("over gRPC: %s", async (_name, bytes) => {
    expect(await grpc(CREATE, bytes)).toMatchObject(malformed);
  });
  it.each(frames)("over gRPC-Web: %s", async (_name, bytes) => {
    expect(await grpc(CREATE, bytes, "application/grpc-web")).toMatchObject(malformed);
  });

  // A stream changes nothing, so that its errors need not say so.
  const { applied: _, ...malformedStream } = malformed;
  it.each([CREATE, WATCH])(
    "JSON with half a character for a name, over gRPC and gRPC-Web: %s",
    async (method) => {
      const bytes = frame(Buffer.from('{"\\ud800": 1}'));
      for (const type of ["application/grpc+json", "application/grpc-web+json"])
        expect(await grpc(method, bytes, type)).toMatchObject(malformedStream);
    },
  );

  it.each([
    ["no protobuf", frame(noProtobuf)] as const,
    ["text that is no UTF-8", frame(noText)] as const,
    ...frames,
  ])("to a stream over gRPC and gRPC-Web: %s", async (_name, bytes) => {
    expect(await grpc(WATCH, bytes)).toMatchObject(malformedStream);
    expect(await grpc(WATCH, bytes, "application/grpc-web")).toMatchObject(malformedStream);
  });

  it("a request that has no time left ends with its deadline, whatever its bytes are", async () => {
    const answer = await fetch(
      `${server.url}/dbconn.v1.TaskService/GetTaskPolicy?encoding=proto&message=%7B`,
      {
        headers: { "connect-timeout-ms": "0" },
      },
    );
    expect(await connectFailure(answer)).toMatchObject({
      code: "DeadlineExceeded",
      reason: "DEADLINE_EXCEEDED",
    });
  });

  it.each(["", "text/plain", "application/x-www-form-urlencoded"])("content-type %j", async (type) => {
    expect(await post(CREATE, "{}", type)).toMatchObject({ ...malformed, fields: ["content-type"] });
  });

  it("more than a message may have is TOO_LARGE", async () => {
    const large = { code: "ResourceExhausted", reason: "TOO_LARGE", applied: "no" };
    const text = "x".repeat(5 * 1024 * 1024);
    expect(await post(CREATE, JSON.stringify({ kind: "a", message: text }))).toMatchObject(large);
    const bytes = message(CreateTaskRequestSchema, { kind: "a", message: text });
    expect(await grpc(CREATE, frame(bytes))).toMatchObject(large);
    expect(await grpc(CREATE, frame(bytes), "application/grpc-web")).toMatchObject(large);
  });
});
