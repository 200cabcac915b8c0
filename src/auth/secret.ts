/** Tokens: `dbc_ID_SECRET`. The id finds the record, so that only one hash is compared; the secret is never stored. */
import { hash, timingSafeEqual } from "node:crypto";

const ID_BYTES = 8;
/** So many random bits that a plain hash cannot be turned back. */
const SECRET_BYTES = 32;
const FORM = /^dbc_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export interface NewToken {
  readonly id: string;
  /** Shown once. */
  readonly token: string;
  readonly sha256: string;
}

export function newToken(random: (bytes: number) => Buffer): NewToken {
  const id = random(ID_BYTES).toString("hex");
  const secret = random(SECRET_BYTES).toString("base64url");
  return { id, token: `dbc_${id}_${secret}`, sha256: sha256(secret).toString("hex") };
}

export interface ReadToken {
  readonly id: string;
  readonly secret: string;
}

/** Undefined for what no token of this service looks like. */
export function readToken(text: string): ReadToken | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** In a time that does not depend on how much of it is right. `stored` is 64 hexadecimal digits. */
export function isSecret(secret: string, stored: string): boolean {
  return timingSafeEqual(sha256(secret), Buffer.from(stored, "hex"));
}

function sha256(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
