import { createHash } from "node:crypto";
import { invalid, type ServiceError } from "../errors.ts";

/** What a cursor belongs to: it is good for this scan and for no other. */
export interface ScanIdentity {
  readonly generation: number;
  readonly namespace: string | undefined;
  readonly pattern: string;
  readonly of: "entries" | "leases";
}

const CHECK_CHARS = 12;

/** The opaque cursor for a store's own position in a scan. */
export function encodeCursor(scan: ScanIdentity, position: string): string {
  return Buffer.from(checkOf(scan) + position).toString("base64url");
}

/** The position inside the cursor, or undefined for a first page. Throws when the cursor is of another scan. */
export function decodeCursor(scan: ScanIdentity, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, "base64url").toString();
  const position = text.slice(CHECK_CHARS);
  if (text.slice(0, CHECK_CHARS) !== checkOf(scan) || encodeCursor(scan, position) !== cursor) {
    throw invalidCursor();
  }
  return position;
}

export function invalidCursor(): ServiceError {
  return invalid(
    { field: "page_token", description: "is not a token that this listing answered" },
    "INVALID_PAGE_TOKEN",
  );
}

/** A guard against mistakes, not against forgers: a forged position shows nothing that the scan would not. */
function checkOf({ generation, namespace, pattern, of }: ScanIdentity): string {
  const scan = JSON.stringify([generation, namespace ?? null, pattern, of]);
  return createHash("sha256").update(scan).digest("base64url").slice(0, CHECK_CHARS);
}
