// What the conformance suite starts: production's server with the suite's service, told what to do on standard input.
// UNARY_LANE=false in the environment turns the unary lane off.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createLimits } from "../../src/server/limits.ts";
import { createReadiness } from "../../src/server/readiness.ts";
import { createServer } from "../../src/server/server.ts";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./gen/connectrpc/conformance/v1/server_compat_pb.ts";
import { ConformanceService } from "./gen/connectrpc/conformance/v1/service_pb.ts";
import { conformanceService, DEFAULT_DEADLINE_MS } from "./service.ts";

const HOST = "127.0.0.1";
const CLOSE_MS = 2_000;
const HEAD_BYTES = 4;

async function readRequest(): Promise<Uint8Array> {
  let all = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    all = Buffer.concat([all, chunk as Buffer]);
    if (all.length >= HEAD_BYTES && all.length >= HEAD_BYTES + all.readUInt32BE(0)) break;
  }
  return all.subarray(HEAD_BYTES, HEAD_BYTES + all.readUInt32BE(0));
}

const { messageReceiveLimit } = fromBinary(ServerCompatRequestSchema, await readRequest());
const readiness = createReadiness();
const log = { info: () => {}, error: (...about: unknown[]) => console.error(...about) };
const server = await createServer({
  routes: (router) => router.service(ConformanceService, conformanceService),
  interceptors: [],
  unaryLane: process.env.UNARY_LANE !== "false",
  limits: createLimits({
    defaultDeadlineMs: DEFAULT_DEADLINE_MS,
    maxDeadlineMs: DEFAULT_DEADLINE_MS,
    ...(messageReceiveLimit > 0 && { readMaxBytes: messageReceiveLimit }),
  }),
  readiness,
  log,
});
const { port } = await server.listen(HOST, 0);
readiness.setReady(true);
const response = toBinary(
  ServerCompatResponseSchema,
  create(ServerCompatResponseSchema, { host: HOST, port }),
);
const head = Buffer.alloc(HEAD_BYTES);
head.writeUInt32BE(response.length);
process.stdout.write(Buffer.concat([head, response]));
process.once("SIGTERM", () => void server.close(CLOSE_MS).finally(() => process.exit()));
