import { useState } from "preact/hooks";
import {
  ChangeClassSchema,
  OutcomeSchema,
  type PublishReleaseResponse,
} from "../../gen/dbconn/v1/schema_pb.ts";
import { bounded, schemasApi } from "../api/clients.ts";
import { readJson, toValue } from "../api/json.ts";
import { useAction } from "../api/use-action.ts";
import { words } from "../ui/format.ts";
import { Failure, Field, Note, Text } from "../ui/parts.tsx";

/** A release, tried first or published at once. */
export function Publish(props: {
  readonly name: string;
  readonly start: string;
  readonly onPublished: () => void;
}) {
  const { name } = props;
  const [text, setText] = useState(props.start);
  const [note, setNote] = useState("");
  const [answer, setAnswer] = useState<PublishReleaseResponse>();
  const action = useAction();
  const read = readJson(text);
  const publish = async (validateOnly: boolean) => {
    if ("problem" in read) return;
    setAnswer(undefined);
    const worked = await action.run(async () => {
      const requestId = validateOnly ? "" : crypto.randomUUID();
      const request = { name, document: toValue(read.json), note, requestId, validateOnly };
      setAnswer(await schemasApi.publishRelease(request, bounded()));
    });
    if (worked && !validateOnly) props.onPublished();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void publish(false);
      }}
    >
      <Text label="JSON Schema" value={text} onChange={setText} />
      <Field label="Note" value={note} onChange={setNote} />
      <Failure text={"problem" in read ? read.problem : action.failure} />
      {answer === undefined ? null : <Note>{told(answer)}</Note>}
      <div class="actions">
        <button
          type="button"
          disabled={"problem" in read || action.isRunning || name === ""}
          onClick={() => publish(true)}
        >
          Dry run
        </button>
        <button type="submit" disabled={"problem" in read || action.isRunning || name === ""}>
          Publish
        </button>
      </div>
    </form>
  );
}

function told({ outcome, release }: PublishReleaseResponse): string {
  const change = release === undefined ? "" : `, change ${words(ChangeClassSchema, release.change)}`;
  return `Outcome: ${words(OutcomeSchema, outcome)}, release ${release?.release ?? "none"}${change}.`;
}
