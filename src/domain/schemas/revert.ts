/** RevertSchema: moves the pointer to another release that is there. */
import { Violations } from "../validation.ts";
import { changeHead, type SchemaChanged, schemaChanged } from "./change.ts";
import { type ChangeInput, checkChange, checkRelease } from "./checks.ts";
import type { SchemaContext } from "./context.ts";
import { eventOf } from "./events.ts";
import { findRelease } from "./schema.ts";

export interface RevertInput extends ChangeInput {
  readonly release: number;
}

/** Writes nothing when the release is active already. Errors as `changeHead`, and RELEASE_NOT_FOUND. */
export async function revertSchema(
  context: SchemaContext,
  input: RevertInput,
  signal?: AbortSignal,
): Promise<SchemaChanged> {
  const { release } = input;
  const v = input.violations ?? new Violations();
  const etag = checkChange(v, input);
  checkRelease(v, "release", release, { required: true });
  v.throwIfAny();
  const changed = await changeHead(
    context,
    input,
    etag,
    { method: "RevertSchema", release },
    (head, act) => {
      const active = findRelease(head, release).n;
      if (active === head.active) return undefined;
      return { fields: { active }, event: eventOf("REVERTED", act, { release: active, active }) };
    },
    signal,
  );
  return schemaChanged(changed);
}
