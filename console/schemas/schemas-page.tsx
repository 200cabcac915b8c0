import { useState } from "preact/hooks";
import { CompatibilitySchema, type Schema } from "../../gen/dbconn/v1/schema_pb.ts";
import { bounded, schemasApi } from "../api/clients.ts";
import { usePages } from "../api/use-pages.ts";
import { goTo, linkTo, place } from "../router.ts";
import { count, time, words } from "../ui/format.ts";
import { Badge, Check, Failure, Field, More, Note, Table } from "../ui/parts.tsx";
import { Publish } from "./publish.tsx";
import { SchemaPage } from "./schema-page.tsx";

const PAGE_SIZE = 100;
/** Takes the place of a schema's name, which never begins so. */
const NEW = "+new";

export function SchemasPage() {
  const [, name] = place.value;
  if (name === NEW) return <NewSchema />;
  return name === undefined ? <SchemaList /> : <SchemaPage key={name} name={name} />;
}

function SchemaList() {
  const [prefix, setPrefix] = useState("");
  const [showDeleted, setShowDeleted] = useState(false);
  const [total, setTotal] = useState(0);
  const { items, failure, next } = usePages(
    async (pageToken, signal) => {
      const page = await schemasApi.listSchemas(
        { namePrefix: prefix, showDeleted, pageSize: PAGE_SIZE, pageToken },
        bounded(signal),
      );
      setTotal(page.totalSize);
      return { items: page.schemas, nextPageToken: page.nextPageToken };
    },
    [prefix, showDeleted],
  );
  return (
    <>
      <h1>Schemas</h1>
      <div class="row">
        <Field label="Name begins with" value={prefix} onChange={setPrefix} placeholder="any" />
        <Check label="Show deleted" checked={showDeleted} onChange={setShowDeleted} />
        <a class="button" href={linkTo("schemas", NEW)}>
          New schema
        </a>
      </div>
      <Failure text={failure} />
      <Note>{count(total)} schemas.</Note>
      <Table label="Schemas" head={["Name", "Active", "Latest", "Releases", "Compatibility", "Updated"]}>
        {items.map((schema) => (
          <Row key={schema.name} schema={schema} />
        ))}
      </Table>
      <More next={next} />
    </>
  );
}

function Row({ schema }: { readonly schema: Schema }) {
  return (
    <tr>
      <th scope="row">
        <a href={linkTo("schemas", schema.name)}>{schema.name}</a>{" "}
        {schema.deleteTime === undefined ? null : <Badge tone="bad">deleted</Badge>}
      </th>
      <td>{schema.activeRelease}</td>
      <td>{schema.latestRelease}</td>
      <td>{schema.releaseCount}</td>
      <td>{words(CompatibilitySchema, schema.compatibility)}</td>
      <td>{time(schema.updateTime)}</td>
    </tr>
  );
}

function NewSchema() {
  const [name, setName] = useState("");
  return (
    <>
      <h1>New schema</h1>
      <Field label="Name" value={name} onChange={setName} />
      <Publish
        name={name.trim()}
        start={'{\n  "type": "object"\n}'}
        onPublished={() => goTo("schemas", name.trim())}
      />
    </>
  );
}
