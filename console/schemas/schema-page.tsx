import { useState } from "preact/hooks";
import type { Schema } from "../../gen/dbconn/v1/schema_pb.ts";
import { bounded, schemasApi } from "../api/clients.ts";
import { fromValue, pretty } from "../api/json.ts";
import { useCall } from "../api/use-call.ts";
import { linkTo } from "../router.ts";
import { time } from "../ui/format.ts";
import { Badge, Failure } from "../ui/parts.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { AuditTrail } from "./audit-trail.tsx";
import { Diff } from "./diff.tsx";
import { Publish } from "./publish.tsx";
import { Releases } from "./releases.tsx";
import { SchemaActions } from "./schema-actions.tsx";
import { TryDocument } from "./try-document.tsx";

export function SchemaPage({ name }: { readonly name: string }) {
  const { data, failure, reload } = useCall(
    (signal) => schemasApi.getSchema({ name }, bounded(signal)),
    [name],
  );
  const schema = data?.schema;
  return (
    <>
      <p>
        <a href={linkTo("schemas")}>All schemas</a>
      </p>
      <h1>{name}</h1>
      <Failure text={failure} />
      {schema === undefined ? null : <Loaded schema={schema} reload={reload} />}
    </>
  );
}

/** What a tab needs: the schema as it was read, and a way to say that it changed. */
export interface SchemaProps {
  readonly schema: Schema;
  readonly reload: () => void;
}

function Loaded({ schema, reload }: SchemaProps) {
  return (
    <>
      <p>
        {schema.deleteTime === undefined ? (
          `Release ${schema.activeRelease} is active of ${schema.releaseCount}.`
        ) : (
          <Badge tone="bad">deleted, goes for good {time(schema.purgeTime)}</Badge>
        )}{" "}
        {schema.description}
      </p>
      <SchemaActions schema={schema} reload={reload} />
      {schema.deleteTime === undefined ? (
        <Live schema={schema} reload={reload} />
      ) : (
        // Its releases cannot be read until it is restored.
        <AuditTrail key={String(schema.revision)} name={schema.name} />
      )}
    </>
  );
}

const TABS = ["Releases", "Diff", "Publish", "Try a document", "Audit trail"] as const;

function Live({ schema, reload }: SchemaProps) {
  const [tab, setTab] = useState<string>(TABS[0]);
  // What shows the schema's past is read again after each change of it.
  const key = String(schema.revision);
  return (
    <Tabs tabs={TABS} chosen={tab} onChoose={setTab}>
      {tab === "Releases" ? <Releases key={key} schema={schema} reload={reload} /> : null}
      {tab === "Diff" ? <Diff key={key} schema={schema} /> : null}
      {tab === "Publish" ? <PublishNext schema={schema} reload={reload} /> : null}
      {tab === "Try a document" ? <TryDocument schema={schema} /> : null}
      {tab === "Audit trail" ? <AuditTrail key={key} name={schema.name} /> : null}
    </Tabs>
  );
}

/** Begins with the active release's text. */
function PublishNext({ schema, reload }: SchemaProps) {
  const { name, activeRelease } = schema;
  const { data, failure } = useCall(
    (signal) => schemasApi.getRelease({ name, release: activeRelease }, bounded(signal)),
    [name],
  );
  if (data === undefined) return <Failure text={failure} />;
  return <Publish name={name} start={pretty(fromValue(data.release?.document))} onPublished={reload} />;
}
