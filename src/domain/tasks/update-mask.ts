/** Which fields an update is about: AIP-161 masks, made strict so that a typo never passes. */
import type { Violations } from "../validation.ts";
import { type Content, type ContentInput, withDefaults } from "./content.ts";

export const UPDATABLE = ["group", "state", "status", "code", "message", "data", "progress"] as const;
export type Updatable = (typeof UPDATABLE)[number];

export interface MaskedInput extends ContentInput {
  readonly replaceData: boolean;
  /** Field paths in the contract's names; undefined or empty = the fields that are present. */
  readonly updateMask?: readonly string[] | undefined;
}

/** What an update sets: the fields of `fields`, an undefined progress being cleared. */
export interface Selection {
  readonly fields: readonly Updatable[];
  readonly content: Content;
  /** Whether `data` is to be merged into the task's; otherwise it takes its place. */
  readonly mergeData: boolean;
}

export function selectFields(v: Violations, input: MaskedInput): Selection {
  const present = UPDATABLE.filter((field) => input[field] !== undefined);
  const mask = input.updateMask ?? [];
  const fields = mask.length === 0 ? present : maskedFields(v, mask, present);
  for (const field of present) {
    v.check(fields.includes(field), field, "is present but not in update_mask");
  }
  v.check(mask.length > 0 || present.length > 0, "update_mask", "names no field, and no field is present");
  v.check(!input.replaceData || fields.includes("data"), "replace_data", "needs data");
  return {
    fields,
    content: withDefaults(input),
    mergeData: input.data !== undefined && !input.replaceData,
  };
}

function maskedFields(
  v: Violations,
  mask: readonly string[],
  present: readonly Updatable[],
): readonly Updatable[] {
  if (mask.includes("*")) {
    v.check(mask.length === 1, "update_mask", "must not name other fields beside *");
    // A state cannot be cleared, so an absent one stays as it is.
    return UPDATABLE.filter((field) => field !== "state" || present.includes("state"));
  }
  // One is told of: a mask may hold any number of them.
  const unknown = mask.find((path) => UPDATABLE.every((field) => field !== path));
  if (unknown !== undefined) {
    v.add(
      "update_mask",
      unknown.startsWith("data.")
        ? "must not name a path below data: data is a merge patch already"
        : `must name only ${UPDATABLE.join(", ")}, or *`,
    );
  }
  const fields = UPDATABLE.filter((field) => mask.includes(field));
  v.check(
    !fields.includes("state") || present.includes("state"),
    "state",
    "cannot be cleared: it is in update_mask but absent",
  );
  return fields;
}
