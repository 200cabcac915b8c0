/** UndeleteSchema: brings a soft-deleted schema back as it was. */
import { Violations } from "../validation.ts";
import { changed, type SchemaChanged, schemaChanged, transformHead } from "./change.ts";
import { type ChangeInput, checkChange } from "./checks.ts";
import type { SchemaContext } from "./context.ts";
import { schemaNotDeleted } from "./errors.ts";
import { eventOf } from "./events.ts";
import { existing } from "./schema.ts";

/** `not_found` / SCHEMA_NOT_FOUND, purged ones too; `already_exists` / SCHEMA_NOT_DELETED; `aborted` / ETAG_MISMATCH. */
export async function undeleteSchema(
  context: SchemaContext,
  input: ChangeInput,
  signal?: AbortSignal,
): Promise<SchemaChanged> {
  const v = input.violations ?? new Violations();
  const etag = checkChange(v, input);
  v.throwIfAny();
  const result = await transformHead(
    context,
    input,
    etag,
    { method: "UndeleteSchema" },
    existing,
    (head, act) => {
      if (!head.deleted) throw schemaNotDeleted("already_exists");
      return {
        fields: { deleted: false },
        unset: [["delete_time"], ["purge_time"]],
        event: eventOf("RESTORED", act, { active: head.active }),
      };
    },
    signal,
  );
  return schemaChanged(changed(result));
}
