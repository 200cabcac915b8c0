import { useState } from "preact/hooks";
import type { ValidateDocumentsResponse_Result } from "../../gen/dbconn/v1/schema_pb.ts";
import { bounded, schemasApi } from "../api/clients.ts";
import { readJson, toValue } from "../api/json.ts";
import { useAction } from "../api/use-action.ts";
import { Failure, Field, Note, Text } from "../ui/parts.tsx";
import type { SchemaProps } from "./schema-page.tsx";

/** Validates one document against a release. */
export function TryDocument({ schema }: Pick<SchemaProps, "schema">) {
  const [text, setText] = useState("{}");
  const [release, setRelease] = useState(String(schema.activeRelease));
  const [result, setResult] = useState<ValidateDocumentsResponse_Result>();
  const action = useAction();
  const read = readJson(text);
  const validate = async () => {
    if ("problem" in read) return;
    setResult(undefined);
    await action.run(async () => {
      const request = { name: schema.name, release: Number(release), documents: [toValue(read.json)] };
      const { results } = await schemasApi.validateDocuments(request, bounded());
      setResult(results[0]);
    });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void validate();
      }}
    >
      <Field label="Release" value={release} onChange={setRelease} />
      <Text label="Document" value={text} onChange={setText} />
      <Failure text={"problem" in read ? read.problem : action.failure} />
      <button type="submit" disabled={"problem" in read || action.isRunning}>
        Validate
      </button>
      {result === undefined ? null : <Judged result={result} />}
    </form>
  );
}

function Judged({ result }: { readonly result: ValidateDocumentsResponse_Result }) {
  if (result.valid) return <Note>The document is valid.</Note>;
  return (
    <>
      <Note>The document is not valid.</Note>
      <ul>
        {result.errors.map((error) => (
          <li key={`${error.instancePointer} ${error.schemaPointer}`}>
            <code>{error.instancePointer || "/"}</code> {error.message}{" "}
            <span class="note">({error.schemaPointer})</span>
          </li>
        ))}
      </ul>
    </>
  );
}
