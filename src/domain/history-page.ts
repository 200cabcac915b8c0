/** A page of an object's history, oldest first; the token is the last revision that was shown. */
import type { HistoryEntry, Objects } from "../consistency/objects.ts";
import type { Json } from "../json.ts";
import { badPageToken, decodePageToken, encodePageToken } from "./paging.ts";

export interface HistoryPage<Event> {
  readonly events: readonly Event[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** `missing` makes the error for an object that never was: every write leaves an event. */
export async function historyPage<Event extends { readonly revision: number }>(
  objects: Objects,
  query: {
    readonly key: string;
    /** What the page token belongs to. */
    readonly identity: Json;
    readonly size: number;
    readonly pageToken: string;
  },
  item: {
    readonly read: (entry: HistoryEntry) => Event;
    /** Asked for each event in turn: the page ends before the first that it refuses. */
    readonly admit: (event: Event) => boolean;
    readonly missing: () => Error;
  },
  signal?: AbortSignal,
): Promise<HistoryPage<Event>> {
  const start = readRevision(decodePageToken(query.identity, query.pageToken));
  // One more than wanted tells whether there is a next page.
  const found = await objects.history(query.key, start, query.size + 1, signal);
  if (start === 0 && found.length === 0) throw item.missing();
  const events: Event[] = [];
  for (const entry of found.slice(0, query.size)) {
    const event = item.read(entry);
    if (!item.admit(event)) break;
    events.push(event);
  }
  const last = events.at(-1);
  const more = last !== undefined && events.length < found.length;
  return { events, nextPageToken: more ? encodePageToken(query.identity, last.revision) : "" };
}

function readRevision(position: Json | undefined): number {
  if (position === undefined) return 0;
  if (!Number.isSafeInteger(position) || Number(position) < 1) throw badPageToken();
  return Number(position);
}
