// Every input, made of the run's seed and its index alone.
import { type DescMethod, fromJson, toBinary } from "@bufbuild/protobuf";
import { jsonOptions } from "../protocol/transports.ts";
import { callFrames, envelope, type Header, http1Request, oddFrame } from "./frames.ts";
import { mutateBytes, mutateJson, oddHeader } from "./mutate.ts";
import { Random } from "./random.ts";
import { creates, isBulk, METHODS, sample, waits } from "./samples.ts";

/** After so many inputs the stores are compared with what the answers said. */
export const BATCH = 2_000;
/** Of so many batches one has the methods that change many things at a time, since little can be compared then. */
const BULK_EVERY = 8;

/** How many of a hundred inputs are of a kind. Those on connections of their own cost the most. */
const SHARES = { raw: 3, http1: 8, frames: 6, envelopes: 18, protobuf: 25, json: 27, headers: 13 } as const;
export type Kind = keyof typeof SHARES;
export const KINDS = Object.keys(SHARES) as readonly Kind[];
const KIND_OF: readonly Kind[] = KINDS.flatMap((kind) => Array.from({ length: SHARES[kind] }, () => kind));

/** Bytes for a connection of their own, or a request of HTTP/2. */
export type Sent =
  | { readonly on: "connection"; readonly bytes: Buffer; readonly cut: boolean }
  | { readonly on: "session"; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };

export interface Input {
  readonly index: number;
  readonly kind: Kind;
  readonly method: DescMethod;
  /** What the request is about, before it was mutated. */
  readonly name: string;
  /** Whether nothing of that name is there, unless this input makes it. */
  readonly fresh: boolean;
  readonly sent: Sent;
}

/** Names of what is there before and compared after each batch. */
export interface Standing {
  readonly names: readonly string[];
  readonly schemas: readonly string[];
}

const cheap = METHODS.filter((method) => !/Release|Documents|ImportSchemas/.test(method.name));
const usual = METHODS.filter((method) => !isBulk(method));
const GRPC = ["application/grpc", "application/grpc-web"] as const;
/** Bounds what waits; in both protocols' words. */
const SOON = { "grpc-timeout": "100m", "connect-timeout-ms": "100" };

export function makeInput(seed: number, index: number, standing: Standing): Input {
  const random = new Random(seed, index);
  const kind = random.pick(KIND_OF);
  const method = pickMethod(random, kind, index);
  const alone = kind === "raw" || kind === "http1" || kind === "frames";
  // A connection may end before its answer, so that nobody knows what became of the call.
  const fresh = alone || (creates(method) && random.chance(0.5));
  const there = method.parent.name === "SchemaService" ? standing.schemas : standing.names;
  const own = random.name();
  const name = fresh ? own : random.pick(there);
  const sent = alone ? onConnection(random, kind, method, name) : onSession(random, kind, method, name);
  return { index, kind, method, name, fresh, sent };
}

function pickMethod(random: Random, kind: Kind, index: number): DescMethod {
  const withBulk = Math.floor(index / BATCH) % BULK_EVERY === BULK_EVERY - 1;
  for (;;) {
    // Schemas are judged in threads of their own, at a hundred times the cost of other calls.
    const method = random.pick(random.chance(0.9) ? cheap : withBulk ? METHODS : usual);
    if (isBulk(method) && !withBulk) continue;
    // A header that takes its deadline from a call that waits would make it wait for a minute.
    if (kind === "headers" && waits(method)) continue;
    return method;
  }
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function binary(random: Random, method: DescMethod, name: string): Uint8Array {
  return toBinary(method.input, fromJson(method.input, sample(random, method, name), jsonOptions));
}

function json(random: Random, method: DescMethod, name: string): Buffer {
  return Buffer.from(JSON.stringify(sample(random, method, name)));
}

function onConnection(random: Random, kind: Kind, method: DescMethod, name: string): Sent {
  const bytes =
    kind === "raw"
      ? rawBytes(random, method)
      : kind === "http1"
        ? http1Bytes(random, method, name)
        : frameBytes(random, method, name);
  return { on: "connection", bytes, cut: random.chance(0.15) };
}

function rawBytes(random: Random, method: DescMethod): Buffer {
  const starts = [
    "",
    "POST ",
    "GET / HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01",
    "\r\n",
  ];
  const start = random.chance(0.1) ? `POST ${pathOf(method)} HTTP/1.1\r\n` : random.pick(starts);
  return Buffer.concat([Buffer.from(start, "latin1"), random.bytes(random.below(300))]);
}

function http1Bytes(random: Random, method: DescMethod, name: string): Buffer {
  const body = random.chance(0.5) ? json(random, method, name) : binary(random, method, name);
  const type = random.pick(["application/json", "application/proto", "application/grpc-web+proto"]);
  const headers: Header[] = [
    { name: "Host", value: "127.0.0.1" },
    { name: "Content-Type", value: type },
    ...Object.entries(SOON).map(([key, value]) => ({ name: key, value })),
    random.chance(0.7)
      ? { name: "Content-Length", value: String(body.length) }
      : { name: "Transfer-Encoding", value: "chunked" },
  ];
  for (let left = random.below(3); left > 0; left--) {
    const [key, value] = oddHeader(random);
    headers.splice(random.below(headers.length + 1), 0, { name: key, value });
  }
  const version = random.pick(["1.1", "1.1", "1.1", "1.0", "2.0", "9.9"]);
  const verb = random.pick(["POST", "POST", "POST", "GET", "OPTIONS", "PUT", "CONNECT", "post"]);
  const request = http1Request(`${verb} ${pathOf(method)} HTTP/${version}`, headers, body);
  return random.chance(0.8) ? mutateBytes(random, request) : request;
}

function frameBytes(random: Random, method: DescMethod, name: string): Buffer {
  const frames = [...callFrames(pathOf(method), random.pick(GRPC), envelope(binary(random, method, name)))];
  for (let left = random.below(4); left > 0; left--)
    frames.splice(1 + random.below(frames.length), 0, oddFrame(random));
  // The preface stays, or it is no HTTP/2.
  const [preface = Buffer.alloc(0), ...rest] = frames;
  return Buffer.concat([preface, mutateBytes(random, Buffer.concat(rest))]);
}

function onSession(random: Random, kind: Kind, method: DescMethod, name: string): Sent {
  const headers: Record<string, string> = {
    ":method": "POST",
    ":path": pathOf(method),
    te: "trailers",
    ...(waits(method) ? SOON : {}),
  };
  const unary = method.methodKind === "unary";
  const send = (type: string, body: Buffer): Sent => {
    headers["content-type"] ??= type;
    return { on: "session", headers, body };
  };
  if (kind === "json") {
    const text = mutateJson(random, sample(random, method, name));
    if (!unary) return send("application/connect+json", envelope(text));
    return random.chance(0.7)
      ? send("application/json", text)
      : send("application/grpc+json", envelope(text));
  }
  if (kind === "protobuf") {
    const bytes = mutateBytes(random, binary(random, method, name));
    if (unary && random.chance(0.3)) return send("application/proto", bytes);
    return send(random.pick(GRPC), envelope(bytes));
  }
  if (kind === "envelopes") {
    const message = binary(random, method, name);
    const odd = envelope(
      message,
      random.chance(0.5) ? random.below(256) : 0,
      random.chance(0.5) ? random.pick([0, 1, message.length + 1, 2 ** 31, 2 ** 32 - 1]) : message.length,
    );
    const body = random.chance(0.5) ? odd : mutateBytes(random, envelope(message));
    const twice = random.chance(0.15) ? Buffer.concat([body, envelope(message)]) : body;
    return send(random.pick(unary ? GRPC : [...GRPC, "application/connect+proto"]), twice);
  }
  for (let left = 1 + random.below(3); left > 0; left--) {
    const [key, value] = oddHeader(random);
    headers[key] = value;
  }
  if (random.chance(0.1)) {
    const message = encodeURIComponent(json(random, method, name).toString());
    headers[":path"] +=
      `?encoding=${random.pick(["json", "proto", "x"])}&message=${message}&base64=${random.pick(["0", "1"])}`;
    headers[":method"] = "GET";
    return { on: "session", headers, body: Buffer.alloc(0) };
  }
  if (random.chance(0.1)) headers[":path"] += random.pick(["/", "?", "x", "/../x", "%00", "?connect=v1"]);
  return random.chance(0.5)
    ? send("application/json", json(random, method, name))
    : send(random.pick(GRPC), envelope(binary(random, method, name)));
}
