/**
 * gRPC's health check by bare frames. The client shares the machine's cores with the load, and one that does more for a
 * call measures how long it waits for them: Connect's had answers after up to 30 ms that the service had sent within 3.
 */
import net from "node:net";
import {
  ACK,
  DATA,
  END_STREAM,
  FrameReader,
  HEADERS,
  headerFrames,
  PREFACE,
  payloadFrame,
  RST_STREAM,
  SETTINGS,
} from "../../src/server/h2/frames.ts";
import { HeaderDecoder } from "../../src/server/h2/header-decoder.ts";
import { HeaderEncoder } from "../../src/server/h2/header-encoder.ts";

const FIELDS = {
  ":method": "POST",
  ":scheme": "http",
  ":authority": "bench",
  ":path": "/grpc.health.v1.Health/Check",
  "content-type": "application/grpc",
  te: "trailers",
};
/** It leaves the reader's table as it is, so that all requests have the same. */
const BLOCK = (() => {
  const encoder = new HeaderEncoder();
  for (const [name, value] of Object.entries(FIELDS)) encoder.field(name, value);
  return encoder.take();
})();
const NOTHING = Buffer.alloc(0);
/** An empty message. */
const QUESTION = Buffer.alloc(5);
/** A message whose first field says SERVING. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

export interface HealthCheck {
  /** Resolves when the service says that it serves. */
  check(): Promise<void>;
  close(): void;
}

export function healthCheck(port: number, timeoutMs: number): HealthCheck {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const decoder = new HeaderDecoder();
  const answers = new Map<number, Buffer>();
  const asked = new Map<number, PromiseWithResolvers<void>>();
  let next = 1;
  const lost = (): void => {
    for (const { reject } of asked.values()) reject(new Error("the connection was lost"));
    asked.clear();
  };
  const reader = new FrameReader(({ type, flags, stream, bytes, start, end }) => {
    if (type === SETTINGS && (flags & ACK) === 0) socket.write(payloadFrame(SETTINGS, ACK, 0, NOTHING));
    if (type === RST_STREAM) asked.get(stream)?.reject(new Error("the call was reset"));
    if (type === DATA) answers.set(stream, Buffer.from(bytes.subarray(start, end)));
    if (type !== HEADERS) return;
    const fields = decoder.decode(bytes, start, end);
    if ((flags & END_STREAM) === 0) return;
    const status = fields.find(({ name }) => name === "grpc-status")?.value;
    const serves = status === "0" && answers.get(stream)?.equals(SERVING) === true;
    answers.delete(stream);
    if (serves) asked.get(stream)?.resolve();
    else asked.get(stream)?.reject(new Error(`not serving: status ${status}`));
  });
  socket.on("data", (chunk: Buffer) => reader.read(chunk));
  socket.on("error", lost);
  socket.once("close", lost);
  socket.write(Buffer.concat([PREFACE, payloadFrame(SETTINGS, 0, 0, NOTHING)]));
  return {
    async check() {
      const stream = next;
      next += 2;
      const answer = Promise.withResolvers<void>();
      asked.set(stream, answer);
      const timer = setTimeout(() => answer.reject(new Error("no answer in time")), timeoutMs);
      const head = headerFrames(stream, BLOCK, false);
      socket.write(Buffer.concat([head, payloadFrame(DATA, END_STREAM, stream, QUESTION)]));
      try {
        await answer.promise;
      } finally {
        clearTimeout(timer);
        asked.delete(stream);
      }
    },
    close: () => socket.destroy(),
  };
}
