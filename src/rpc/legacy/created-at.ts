/**
 * `created_at` of the old contract is whatever text a client sent. It is kept in the note of its release, by an actor
 * of its own, since it is no part of the content: the same schema at another time is no new release.
 */
export const LEGACY_ACTOR = "legacy";

const PREFIX = "created_at: ";

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
  if (createdBy === LEGACY_ACTOR && note.startsWith(PREFIX)) return note.slice(PREFIX.length);
  return new Date(createTime).toISOString();
}
