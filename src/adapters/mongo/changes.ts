/**
 * Places in the order of changes. The server stamps a write before others can see it, so a stamp may turn up
 * behind a later one that was read already. Each pass over the changes therefore begins a little before the moment
 * at which the pass before it began; inside a pass, pages follow each other exactly, so that it ends however
 * much was written.
 */
import { type Filter, Timestamp } from "mongodb";
import { ServiceError } from "../../errors.ts";
import { type MongoDocument, STAMP } from "./documents.ts";

/** Longer than a write can be stamped and not yet seen. */
const OVERLAP_SECONDS = 2;

export interface Cursor {
  /** Where the next pass begins: seconds of the server's clock. */
  readonly from: number;
  /** The last document seen of a pass that goes on: its stamp (seconds, counter) and key. */
  readonly after?: readonly [seconds: number, counter: number, key: string];
}

/** Where a pass begins that looks for all that is written after `now`. */
export function beginningAt(now: Timestamp): Cursor {
  return { from: now.getHighBitsUnsigned() - OVERLAP_SECONDS };
}

export function cursorText({ from, after }: Cursor): string {
  return JSON.stringify([from, ...(after ?? [])]);
}

export function cursorOf(text: string): Cursor {
  const parts = parsed(text);
  if (Array.isArray(parts)) {
    const [from, seconds, counter, key] = parts as readonly unknown[];
    if (isCount(from) && parts.length === 1) return { from };
    if (
      isCount(from) &&
      isCount(seconds) &&
      isCount(counter) &&
      typeof key === "string" &&
      parts.length === 4
    ) {
      return { from, after: [seconds, counter, key] };
    }
  }
  throw new ServiceError("invalid_argument", "INVALID_PAGE_TOKEN", "the cursor is not one of this store's");
}

export function changesFilter({ from, after }: Cursor): Filter<MongoDocument> {
  if (after === undefined) return { [STAMP]: { $gte: new Timestamp({ t: from, i: 0 }) } };
  const [t, i, key] = after;
  const stamp = new Timestamp({ t, i });
  return { $or: [{ [STAMP]: { $gt: stamp } }, { [STAMP]: { $eq: stamp }, _id: { $gt: key } }] };
}

/** Where to go on after a page that began at `cursor` when the server's clock said `now`. */
export function cursorAfter(cursor: Cursor, now: Timestamp, last: MongoDocument | undefined): Cursor {
  const next = cursor.after === undefined ? beginningAt(now) : { from: cursor.from };
  const stamp = last?.[STAMP];
  if (last === undefined || stamp === undefined) return next;
  return { ...next, after: [stamp.getHighBitsUnsigned(), stamp.getLowBitsUnsigned(), last._id] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffffffff;
}
