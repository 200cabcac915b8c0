import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** Answers that are longer get memory of their own. */
const SHARED_BYTES = 64 * 1024;

/** What the writer keeps to itself, of the version that package.json pins; a test holds it to that. */
interface Writer {
  buffer: Uint8Array;
  pos: number;
  ensureCapacity(size: number): void;
  finish(): Uint8Array;
}

const writer = BinaryWriter.prototype as unknown as Writer;
const { ensureCapacity, finish } = writer;
const shared = new Uint8Array(SHARED_BYTES);
/** `next`: the next writer that needs memory gets the shared one. */
let user: Writer | "next" | undefined;

writer.ensureCapacity = function (size) {
  if (user === "next") {
    this.buffer = shared;
    user = this;
  }
  ensureCapacity.call(this, size);
};
writer.finish = function () {
  return user === this ? this.buffer.subarray(0, this.pos) : finish.call(this);
};

/**
 * Runs what encodes one message, in memory that all messages share. A short message costs a writer three pieces of
 * memory outside of the heap otherwise, which takes longer than to encode it. The outcome is good until the next call.
 */
export function inSharedBuffer(encode: () => Uint8Array): Uint8Array {
  user = "next";
  try {
    return encode();
  } finally {
    user = undefined;
  }
}
