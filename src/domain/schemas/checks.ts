/** Checks that several methods share. */
import { decodeEtag, type Version } from "../etag.ts";
import { checkName, checkRequestId, checkText, type Violations } from "../validation.ts";
import type { Act } from "./events.ts";
import { ACTOR_CHARS, DESCRIPTION_CHARS, LABEL_CHARS, MAX_LABELS, NOTE_CHARS } from "./limits.ts";
import type { Labels } from "./schema.ts";

/** What every change of a schema is asked with. */
export interface ChangeInput {
  readonly name: string;
  readonly note: string;
  /** Who asks, for the audit trail. */
  readonly actor: string;
  /** Empty = any version. */
  readonly etag: string;
  /** Empty = none. */
  readonly requestId: string;
  /** What was found wrong while the input was read; thrown together with what is found here. */
  readonly violations?: Violations;
}

/** Answers the version that the etag names. */
export function checkChange(v: Violations, input: ChangeInput): Version | undefined {
  checkName(v, "name", input.name);
  checkText(v, "note", input.note, NOTE_CHARS);
  checkText(v, "actor", input.actor, ACTOR_CHARS);
  checkRequestId(v, input.requestId);
  return decodeEtag(v, input.etag);
}

export function actOf({ note, actor, requestId }: ChangeInput, time: number): Act {
  return { time, actor, note, requestId };
}

export function checkLabels(v: Violations, labels: Labels): void {
  const entries = Object.entries(labels);
  if (!v.check(entries.length <= MAX_LABELS, "labels", `must be at most ${MAX_LABELS}`)) return;
  for (const [key, value] of entries) {
    // A key may be any text of any length, so the field's path names it only when it is short and clean.
    const known =
      v.check(key !== "", "labels", "must not have an empty key") && checkText(v, "labels", key, LABEL_CHARS);
    if (known) checkText(v, `labels["${key}"]`, value, LABEL_CHARS);
  }
}

export function checkDescription(v: Violations, description: string | undefined): void {
  if (description !== undefined) checkText(v, "description", description, DESCRIPTION_CHARS);
}

const INT32_MAX = 2 ** 31 - 1;

/** A release's number; 0 where it may stand for the active one. */
export function checkRelease(
  v: Violations,
  field: string,
  number: number,
  options: { readonly required?: true } = {},
): void {
  const least = options.required === true ? 1 : 0;
  const ok = Number.isInteger(number) && number >= least && number <= INT32_MAX;
  v.check(
    ok,
    field,
    options.required === true ? "must be a release's number, 1 or more" : "must not be negative",
  );
}
