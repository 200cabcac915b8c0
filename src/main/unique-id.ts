import { randomFillSync } from "node:crypto";

const ID_BYTES = 12;
/** Drawn ahead: a call to the source of randomness costs as much for one id as for all of these. */
const ahead = Buffer.allocUnsafe(256 * ID_BYTES);
let next = ahead.length;

/** 16 letters, digits, `-` and `_`: 96 random bits. */
export function uniqueId(): string {
  if (next === ahead.length) {
    randomFillSync(ahead);
    next = 0;
  }
  next += ID_BYTES;
  return ahead.toString("base64url", next - ID_BYTES, next);
}
