import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { useState } from "preact/hooks";
import type { CacheEntry } from "../../gen/dbconn/v1/cache_pb.ts";
import { bounded, cacheApi } from "../api/clients.ts";
import { useAction } from "../api/use-action.ts";
import { useCall } from "../api/use-call.ts";
import { Confirm } from "../ui/confirm.tsx";
import { bytes, time } from "../ui/format.ts";
import { Check, Code, Failure, Field } from "../ui/parts.tsx";

export function EntryPanel(props: {
  readonly namespace: string;
  readonly name: string;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}) {
  const { namespace, name: key } = props;
  const [isDeleting, setDeleting] = useState(false);
  const action = useAction();
  const { data, failure, reload } = useCall(
    (signal) => cacheApi.getEntry({ namespace, key }, bounded(signal)),
    [namespace, key],
  );
  const entry = data?.entry;
  return (
    <section class="panel" aria-label={`Entry ${key}`}>
      <header>
        <h3>{key}</h3>
        <button type="button" onClick={props.onClose}>
          Close
        </button>
      </header>
      <Failure text={failure} />
      {entry === undefined ? null : (
        <>
          <p class="note">Expires: {time(entry.expireTime)}</p>
          <Code label={`Value of ${key}`} text={shown(entry)} />
          <Lifetime namespace={namespace} name={key} onChanged={reload} />
          <button type="button" class="danger" onClick={() => setDeleting(true)}>
            Delete entry
          </button>
        </>
      )}
      {isDeleting ? (
        <Confirm
          question={`Delete ${key} from ${namespace}?`}
          action="Delete"
          failure={action.failure}
          onConfirm={async () => {
            const worked = await action.run(() => cacheApi.deleteEntry({ namespace, key }, bounded()));
            if (worked) props.onDeleted();
          }}
          onClose={() => setDeleting(false)}
        />
      ) : null}
    </section>
  );
}

function Lifetime(props: {
  readonly namespace: string;
  readonly name: string;
  readonly onChanged: () => void;
}) {
  const { namespace, name: key } = props;
  const [seconds, setSeconds] = useState("600");
  const [persist, setPersist] = useState(false);
  const action = useAction();
  return (
    <form
      class="row"
      onSubmit={async (event) => {
        event.preventDefault();
        const lifetime = persist ? { persist } : { ttl: durationFromMs(1000 * Number(seconds)) };
        const worked = await action.run(() =>
          cacheApi.touchEntry({ namespace, key, ...lifetime }, bounded()),
        );
        if (worked) props.onChanged();
      }}
    >
      <Field label="Seconds to live" value={seconds} onChange={setSeconds} />
      <Check label="Keep without limit" checked={persist} onChange={setPersist} />
      <button type="submit" disabled={!persist && !(Number(seconds) > 0)}>
        Set lifetime
      </button>
      <Failure text={action.failure} />
    </form>
  );
}

function shown({ value }: CacheEntry): string {
  if (value.case === "text") return value.value;
  return `${bytes(value.value?.byteLength ?? 0)} of binary data`;
}
