import { useState } from "preact/hooks";
import type { ClearCacheResponse } from "../../gen/dbconn/v1/cache_pb.ts";
import { bounded, cacheApi } from "../api/clients.ts";
import { useAction } from "../api/use-action.ts";
import { Confirm } from "../ui/confirm.tsx";
import { count } from "../ui/format.ts";
import { Check, Code, Failure, Field, Note } from "../ui/parts.tsx";

/** Clears in two steps: what would go, and then, after its name was typed, just that. */
export function ClearForm(props: { readonly namespace: string; readonly onCleared: () => void }) {
  const [namespace, setNamespace] = useState(props.namespace);
  const [pattern, setPattern] = useState("");
  const [isAll, setAll] = useState(false);
  const [preview, setPreview] = useState<ClearCacheResponse>();
  const [isAsking, setAsking] = useState(false);
  const [cleared, setCleared] = useState<bigint>();
  const action = useAction();
  const scope = isAll ? { allNamespaces: true } : { namespace, pattern };
  const look = () =>
    action.run(async () => {
      setCleared(undefined);
      setPreview(await cacheApi.clearCache({ ...scope, validateOnly: true }, bounded()));
    });
  const clear = async () => {
    const worked = await action.run(async () => {
      const expectedCount = preview?.clearedCount ?? 0n;
      const answer = await cacheApi.clearCache({ ...scope, expectedCount }, bounded());
      setCleared(answer.clearedCount);
    });
    if (!worked) return;
    setPreview(undefined);
    setAsking(false);
    props.onCleared();
  };
  /** Another scope than the one that was looked at must not be cleared. */
  const changing =
    <T,>(set: (value: T) => void) =>
    (value: T) => {
      setPreview(undefined);
      set(value);
    };
  return (
    <section class="panel" aria-label="Clear the cache">
      <h2>Clear</h2>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <Field label="Namespace" value={namespace} onChange={changing(setNamespace)} />
        <Field
          label="Only keys like"
          value={pattern}
          onChange={changing(setPattern)}
          placeholder="all of it"
        />
        <Check label="All namespaces" checked={isAll} onChange={changing(setAll)} />
        <button type="submit" disabled={action.isRunning || (!isAll && namespace === "")}>
          Preview
        </button>
      </form>
      {isAsking ? null : <Failure text={action.failure} />}
      {cleared === undefined ? null : <Note>{count(cleared)} entries were removed.</Note>}
      {preview === undefined ? null : (
        <>
          <Note>{count(preview.clearedCount)} entries would be removed, such as:</Note>
          <Code label="Some of the keys that would be removed" text={preview.sample.join("\n")} />
          <button
            type="button"
            class="danger"
            disabled={preview.clearedCount === 0n}
            onClick={() => setAsking(true)}
          >
            Clear
          </button>
        </>
      )}
      {isAsking ? (
        <Confirm
          question={`Remove ${count(preview?.clearedCount ?? 0n)} entries? They cannot be brought back.`}
          action="Clear"
          typed={isAll ? "all namespaces" : namespace}
          failure={action.failure}
          onConfirm={clear}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </section>
  );
}
