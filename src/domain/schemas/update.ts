/** UpdateSchema: compatibility, labels and description. */
import { Violations } from "../validation.ts";
import { changeHead, type SchemaChanged, schemaChanged } from "./change.ts";
import { type ChangeInput, checkChange, checkDescription, checkLabels } from "./checks.ts";
import type { SchemaContext } from "./context.ts";
import { eventOf } from "./events.ts";
import type { Compatibility, HeadFields, Labels } from "./schema.ts";

const UPDATABLE = ["compatibility", "labels", "description"] as const;
type Updatable = (typeof UPDATABLE)[number];

export interface UpdateInput extends ChangeInput {
  /** Undefined = absent, of all three. */
  readonly compatibility: Compatibility | undefined;
  /** Takes the place of all labels. */
  readonly labels: Labels | undefined;
  readonly description: string | undefined;
  /** Field names; undefined or empty = the fields that are present. Absent fields of the mask are cleared. */
  readonly updateMask: readonly string[] | undefined;
}

/** What a schema has of whatever it was never given. */
const CLEARED = { compatibility: "NONE", labels: {}, description: "" } as const;

/** Errors as `changeHead`. A mode is for the releases to come; it does not judge those that are there. */
export async function updateSchema(
  context: SchemaContext,
  input: UpdateInput,
  signal?: AbortSignal,
): Promise<SchemaChanged> {
  const v = input.violations ?? new Violations();
  const etag = checkChange(v, input);
  if (input.labels !== undefined) checkLabels(v, input.labels);
  checkDescription(v, input.description);
  const fields = selectFields(v, input);
  v.throwIfAny();
  const values = Object.fromEntries(fields.map((field) => [field, input[field] ?? CLEARED[field]]));
  const call = { method: "UpdateSchema", ...values };
  const changed = await changeHead(
    context,
    input,
    etag,
    call,
    (head, act) => ({
      fields: values as Partial<HeadFields>,
      event: eventOf("UPDATED", act, { active: head.active }),
    }),
    signal,
  );
  return schemaChanged(changed);
}

function selectFields(v: Violations, input: UpdateInput): readonly Updatable[] {
  const present = UPDATABLE.filter((field) => input[field] !== undefined);
  const mask = input.updateMask ?? [];
  if (mask.length === 0) {
    v.check(present.length > 0, "update_mask", "names no field, and no field is present");
    return present;
  }
  if (mask.includes("*")) {
    v.check(mask.length === 1, "update_mask", "must not name other fields beside *");
    return UPDATABLE;
  }
  const known = mask.every((path) => UPDATABLE.some((field) => field === path));
  v.check(known, "update_mask", `must name only ${UPDATABLE.join(", ")}, or *`);
  for (const field of present) v.check(mask.includes(field), field, "is present but not in update_mask");
  return UPDATABLE.filter((field) => mask.includes(field));
}
