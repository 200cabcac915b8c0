/**
 * `created_at` of the old contract is whatever text a client sent. It is kept in the note of its release, by an actor
 * of its own, since it is no part of the content: the same schema at another time is no new release.
 */
import type { ContextValues } from "@connectrpc/connect";
import { principalKey } from "../principal.ts";

export const LEGACY_ACTOR = "legacy";

const PREFIX = "created_at: ";

/** With authentication it says who, too. */
export function legacyActor(values: ContextValues): string {
  const principal = values.get(principalKey);
  return principal === undefined ? LEGACY_ACTOR : `${LEGACY_ACTOR}/${principal.id}`;
}

function isLegacyActor(actor: string): boolean {
  return actor === LEGACY_ACTOR || actor.startsWith(`${LEGACY_ACTOR}/`);
}

export function noteOf(createdAt: string): string {
  return PREFIX + createdAt;
}

/** The text that was sent; for a release of another client, when it was published. */
export function createdAtOf(release: {
  readonly createdBy: string;
  readonly note: string;
  readonly createTime: number;
}): string {
  const { createdBy, note, createTime } = release;
  if (isLegacyActor(createdBy) && note.startsWith(PREFIX)) return note.slice(PREFIX.length);
  return new Date(createTime).toISOString();
}
