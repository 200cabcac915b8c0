import type { IncomingHttpHeaders } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import { COMPRESSED, COMPRESSIONS, HEAD_BYTES } from "./envelope.ts";
import type { ServerErrors } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { LargeMessages } from "./large-messages.ts";
import type { Limits } from "./limits.ts";
import { holdsMoreValues } from "./message-values.ts";
import { takesStream } from "./protocol.ts";

/**
 * To be called, and waited for where it answers a promise, before a message is decoded that is not compressed. Fails for
 * one that holds more values than its method takes, or whose turn does not come.
 */
export type CheckMessage = (message: Uint8Array, call: ReadCall) => undefined | Promise<void>;

export interface ReadCall {
  readonly method: DescMethod;
  readonly path: string;
  readonly json: boolean;
  readonly exchange: Pick<Exchange, "connection" | "onClose">;
}

export interface MessageCheckOptions {
  readonly limits: Pick<Limits, "maxValues">;
  readonly errors: ServerErrors;
  /** A limit of its own for a method by path. */
  readonly valuesFor: (path: string) => number | undefined;
  /** Whether the large messages of a method make much work. */
  readonly takesTurns: (path: string) => boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

export function createMessageCheck(options: MessageCheckOptions): CheckMessage {
  const { limits, errors, valuesFor, takesTurns, now } = options;
  const large = new LargeMessages(now);
  const checkValues = (message: Uint8Array, { method, path, json }: ReadCall): undefined => {
    const limit = valuesFor(path) ?? limits.maxValues;
    if (holdsMoreValues(limit, message, { json, input: method.input })) {
      throw errors.tooLarge(`the message holds more than ${limit} values`, "no");
    }
  };
  return (message, call) => {
    if (!LargeMessages.isLarge(message.length) || !takesTurns(call.path)) {
      large.passed();
      return checkValues(message, call);
    }
    const turn = large.turn({
      bytes: message.length,
      sender: call.exchange.connection,
      onGone: (listener) => call.exchange.onClose(listener),
    });
    if (turn === undefined) return checkValues(message, call);
    return turn.then((taken) => {
      if (!taken) throw errors.overloaded("too many large messages wait to be read; try again shortly");
      checkValues(message, call);
    });
  };
}

export interface CheckedBody extends Omit<ReadCall, "json"> {
  readonly headers: IncomingHttpHeaders;
  readonly checkMessage: CheckMessage;
  readonly limits: Pick<Limits, "readMaxBytes">;
}

/** Lets the body of a call pass to Connect's adapter, and ends it with an error that its message calls for. */
export function checkedBody(
  chunks: AsyncIterable<Uint8Array>,
  { headers, checkMessage, limits, method, path, exchange }: CheckedBody,
): AsyncIterable<Uint8Array> {
  if (takesStream(method)) return chunks;
  const type = headers["content-type"] ?? "";
  const enveloped = !/^application\/(proto|json)\b/.test(type);
  const encoding = headers[encodingHeader(type, enveloped)] ?? "identity";
  const compression = COMPRESSIONS.find(({ name }) => name === encoding);
  const call = { method, path, json: type.includes("json"), exchange };
  return inspected(chunks, enveloped, async (message, flags) => {
    if (encoding === "identity" || (enveloped && (flags & COMPRESSED) === 0))
      return checkMessage(message, call);
    // The adapter decompresses it once more, and says what is wrong where that cannot be done.
    const plain = await compression?.decompress(message, limits.readMaxBytes).catch(() => undefined);
    if (plain !== undefined) await checkMessage(plain, call);
  });
}

function encodingHeader(type: string, enveloped: boolean): string {
  if (type.startsWith("application/grpc")) return "grpc-encoding";
  return enveloped ? "connect-content-encoding" : "content-encoding";
}

/** `inspect` sees the only message once that is complete, before it can be decoded. */
async function* inspected(
  chunks: AsyncIterable<Uint8Array>,
  enveloped: boolean,
  inspect: (message: Uint8Array<ArrayBuffer>, flags: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  /** Undefined as long as it is not known. */
  let end = enveloped ? undefined : Number.POSITIVE_INFINITY;
  let due = true;
  for await (const chunk of chunks) {
    if (due) {
      held.push(chunk);
      bytes += chunk.length;
      if (end === undefined && bytes >= HEAD_BYTES) end = HEAD_BYTES + Buffer.concat(held).readUInt32BE(1);
      if (end !== undefined && bytes >= end) {
        due = false;
        const all = Buffer.concat(held.splice(0));
        await inspect(all.subarray(HEAD_BYTES, end), all[0] ?? 0);
      }
    }
    yield chunk;
  }
  if (due && !enveloped) await inspect(Buffer.concat(held), 0);
}
