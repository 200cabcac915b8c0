import { useState } from "preact/hooks";
import { Compatibility, CompatibilitySchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { bounded, schemasApi } from "../api/clients.ts";
import { useAction } from "../api/use-action.ts";
import { Confirm } from "../ui/confirm.tsx";
import { words } from "../ui/format.ts";
import { Choice, Failure } from "../ui/parts.tsx";
import type { SchemaProps } from "./schema-page.tsx";

const MODES = Object.values(Compatibility)
  .filter((mode) => mode !== Compatibility.UNSPECIFIED)
  .map((mode) => [String(mode), words(CompatibilitySchema, mode)] as const);

/** What concerns the schema as a whole. */
export function SchemaActions({ schema, reload }: SchemaProps) {
  const { name, etag } = schema;
  const [isDeleting, setDeleting] = useState(false);
  const action = useAction();
  const act = async (change: () => Promise<unknown>) => {
    if (await action.run(change)) reload();
    else return;
    setDeleting(false);
  };
  const call = () => ({ name, etag, requestId: crypto.randomUUID() });
  return (
    <div class="row">
      <Choice
        label="Compatibility"
        value={String(schema.compatibility)}
        options={MODES}
        onChange={(mode) => {
          const compatibility = MODES.find(([value]) => value === mode)?.[0];
          if (compatibility === undefined) return;
          void act(() =>
            schemasApi.updateSchema(
              { ...call(), compatibility: Number(compatibility) as Compatibility },
              bounded(),
            ),
          );
        }}
      />
      {schema.deleteTime === undefined ? (
        <button type="button" class="danger" onClick={() => setDeleting(true)}>
          Delete schema
        </button>
      ) : (
        <button type="button" onClick={() => act(() => schemasApi.undeleteSchema(call(), bounded()))}>
          Restore schema
        </button>
      )}
      {isDeleting ? null : <Failure text={action.failure} />}
      {isDeleting ? (
        <Confirm
          question={`Delete ${name} with all its releases? It can be restored for a time.`}
          action="Delete"
          typed={name}
          failure={action.failure}
          onConfirm={() => act(() => schemasApi.deleteSchema(call(), bounded()))}
          onClose={() => setDeleting(false)}
        />
      ) : null}
    </div>
  );
}
