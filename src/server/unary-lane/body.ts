import { Code, ConnectError } from "@connectrpc/connect";
import { COMPRESSED, HEAD_BYTES } from "../envelope.ts";

const NOTHING = Buffer.alloc(0);

/** Collects the body of a unary call, and ends with the same errors as Connect where it cannot be one. */
export class Body {
  readonly #enveloped: boolean;
  readonly #maxBytes: number;
  /** What has come: the first chunk as it is, or a copy of all. Many tiny chunks would take far more than their bytes. */
  #kept: Buffer = NOTHING;
  #copied = false;
  #bytes = 0;
  /** Where the first message ends, once its head is there. */
  #end: number | undefined;

  constructor(enveloped: boolean, maxBytes: number) {
    this.#enveloped = enveloped;
    this.#maxBytes = maxBytes;
  }

  /** What has come of it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws as soon as there is more than a call may have. */
  add(chunk: Buffer): void {
    this.#keep(chunk);
    if (this.#enveloped && this.#end === undefined && this.#bytes >= HEAD_BYTES) {
      this.#end = HEAD_BYTES + this.#lengthAt(this.#all(), 0);
    }
    const most = this.#enveloped ? (this.#end ?? 0) + HEAD_BYTES + this.#maxBytes : this.#maxBytes;
    if (this.#bytes > most) throw tooLarge(this.#maxBytes);
  }

  /** The message, once there is all of the body. */
  message(): Uint8Array {
    const all = this.#all();
    if (!this.#enveloped) return all;
    if (all.length === 0) throw unimplemented("missing input message for unary method");
    if (this.#end === undefined || all.length < this.#end) throw invalid("incomplete envelope");
    if (((all[0] ?? 0) & COMPRESSED) !== 0) {
      throw new ConnectError(
        "received compressed envelope, but do not know how to decompress",
        Code.Internal,
      );
    }
    if (all.length > this.#end) this.#refuseRest(all, this.#end);
    return all.subarray(HEAD_BYTES);
  }

  #refuseRest(all: Buffer, end: number): never {
    if (all.length < end + HEAD_BYTES || all.length < end + HEAD_BYTES + this.#lengthAt(all, end)) {
      throw invalid("incomplete envelope");
    }
    throw unimplemented("received extra input message for unary method");
  }

  #lengthAt(all: Buffer, offset: number): number {
    const length = all.readUInt32BE(offset + 1);
    if (length > this.#maxBytes) throw tooLarge(this.#maxBytes, length);
    return length;
  }

  #keep(chunk: Buffer): void {
    const bytes = this.#bytes + chunk.length;
    if (this.#bytes === 0) this.#kept = chunk;
    else {
      if (!this.#copied || this.#kept.length < bytes) {
        const larger = Buffer.allocUnsafeSlow(2 * bytes);
        this.#kept.copy(larger, 0, 0, this.#bytes);
        this.#kept = larger;
        this.#copied = true;
      }
      chunk.copy(this.#kept, this.#bytes);
    }
    this.#bytes = bytes;
  }

  #all(): Buffer {
    return this.#kept.length === this.#bytes ? this.#kept : this.#kept.subarray(0, this.#bytes);
  }
}

/** For a body that says beforehand how large it is. */
export function checkLength(contentLength: string | undefined, maxBytes: number): void {
  const length = Number(contentLength ?? 0);
  if (length > maxBytes) throw tooLarge(maxBytes, length);
}

function tooLarge(maxBytes: number, bytes?: number): ConnectError {
  const size = bytes === undefined ? "message size" : `message size ${bytes}`;
  const message = `${size} is larger than configured readMaxBytes ${maxBytes}`;
  return new ConnectError(message, Code.ResourceExhausted);
}

const invalid = (message: string): ConnectError =>
  new ConnectError(`protocol error: ${message}`, Code.InvalidArgument);
const unimplemented = (message: string): ConnectError =>
  new ConnectError(`protocol error: ${message}`, Code.Unimplemented);
