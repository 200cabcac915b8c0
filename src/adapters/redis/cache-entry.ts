/**
 * A cache entry as one Redis string, so that a read is one plain GET and the entry has one lifetime:
 *
 *   byte 0        1, the version of this layout
 *   byte 1        0 text, 1 data
 *   bytes 2..9    when it expires: milliseconds of Redis's clock, big-endian double; 0: it stays
 *   byte 10       length of the etag
 *   byte 11       number of request ids
 *   then          the etag, the request ids of its increments (16 bytes each, the latest last), the value
 *
 * The time is there to be shown alone; what ends the entry is its TTL, set in the same command. The scripts in
 * commands/ read and write the same layout.
 */
import { createHash } from "node:crypto";
import type { Entry, EntryValue } from "../../ports/cache-store.ts";

const VERSION = 1;
const KINDS = ["text", "data"] as const;
const HEADER_BYTES = 12;
const REQUEST_ID_BYTES = 16;

export function encodeEntry(value: EntryValue, etag: string, expireAt: number): Buffer {
  const payload = value.kind === "text" ? Buffer.from(value.text) : value.data;
  const etagBytes = encodeEtag(etag);
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = VERSION;
  header[1] = KINDS.indexOf(value.kind);
  header.writeDoubleBE(expireAt, 2);
  header[10] = etagBytes.length;
  return Buffer.concat([header, etagBytes, payload]);
}

/**
 * `now` is Redis's clock. An entry that was answered still lives, and a stale one does not, however the two clocks
 * differ.
 */
export function decodeEntry(bytes: Buffer, now: number, { stale = false } = {}): Entry {
  const kind = KINDS[bytes[1] ?? -1];
  if (bytes[0] !== VERSION || kind === undefined) {
    throw new Error("the Redis key of a cache entry holds something else");
  }
  const expireAt = bytes.readDoubleBE(2);
  const etagEnd = HEADER_BYTES + (bytes[10] ?? 0);
  const left = Math.ceil(expireAt - now);
  const payload = bytes.subarray(etagEnd + REQUEST_ID_BYTES * (bytes[11] ?? 0));
  return {
    value: kind === "text" ? { kind, text: payload.toString() } : { kind, data: payload },
    etag: bytes.toString("utf8", HEADER_BYTES, etagEnd),
    ttlMs: expireAt === 0 ? undefined : stale ? Math.min(0, left) : Math.max(1, left),
  };
}

export function encodeEtag(etag: string): Buffer {
  const bytes = Buffer.from(etag);
  if (bytes.length > 255) throw new Error("an etag takes at most 255 bytes");
  return bytes;
}

/** A fixed size for a request id of any length, unlike any other's. */
export function digestRequestId(requestId: string | undefined): Buffer {
  if (requestId === undefined) return Buffer.alloc(0);
  return createHash("sha256").update(requestId).digest().subarray(0, REQUEST_ID_BYTES);
}
