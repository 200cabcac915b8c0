import { useState } from "preact/hooks";
import { type Change, ChangeClass, ChangeClassSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { bounded, schemasApi } from "../api/clients.ts";
import { fromValue, pretty } from "../api/json.ts";
import { useCall } from "../api/use-call.ts";
import { words } from "../ui/format.ts";
import { Badge, Choice, Code, Failure } from "../ui/parts.tsx";
import type { SchemaProps } from "./schema-page.tsx";
import { SideBySide } from "./side-by-side.tsx";

const RELEASES = 1_000;

const TONES: Readonly<Partial<Record<ChangeClass, string>>> = {
  [ChangeClass.BREAKING]: "bad",
  [ChangeClass.UNKNOWN]: "waiting",
  [ChangeClass.BACKWARD]: "active",
  [ChangeClass.FORWARD]: "active",
  [ChangeClass.FULL]: "good",
};

/** Two releases, line by line and change by change. */
export function Diff({ schema }: Pick<SchemaProps, "schema">) {
  const { name, activeRelease } = schema;
  const releases = useCall(
    (signal) => schemasApi.listReleases({ name, pageSize: RELEASES }, bounded(signal)),
    [name],
  );
  const numbers = releases.data?.releases.map(({ release }) => release) ?? [];
  const [chosen, setChosen] = useState<{ readonly from?: number; readonly to?: number }>({});
  const to = chosen.to ?? activeRelease;
  const from = chosen.from ?? numbers.find((number) => number < to) ?? to;
  const options = numbers.map((number) => [String(number), `Release ${number}`] as const);
  return (
    <>
      <Failure text={releases.failure} />
      <div class="row">
        <Choice
          label="From"
          value={String(from)}
          options={options}
          onChange={(value) => setChosen({ ...chosen, from: Number(value) })}
        />
        <Choice
          label="To"
          value={String(to)}
          options={options}
          onChange={(value) => setChosen({ ...chosen, to: Number(value) })}
        />
      </div>
      {numbers.length === 0 ? null : <Compared name={name} from={from} to={to} />}
    </>
  );
}

function Compared({ name, from, to }: { readonly name: string; readonly from: number; readonly to: number }) {
  const { data, failure } = useCall(
    async (signal) => {
      const [diff, before, after] = await Promise.all([
        schemasApi.diffReleases({ name, fromRelease: from, toRelease: to }, bounded(signal)),
        schemasApi.getRelease({ name, release: from }, bounded(signal)),
        schemasApi.getRelease({ name, release: to }, bounded(signal)),
      ]);
      return {
        diff,
        before: pretty(fromValue(before.release?.document)),
        after: pretty(fromValue(after.release?.document)),
      };
    },
    [name, from, to],
  );
  if (data === undefined) return <Failure text={failure} />;
  const { diff } = data;
  return (
    <>
      <Failure text={failure} />
      <p>
        All in all: <Class class={diff.class} />
      </p>
      {diff.acceptedByFromOnly === undefined ? null : (
        <Example
          text={`Release ${from} accepts this and release ${to} refuses it`}
          value={diff.acceptedByFromOnly}
        />
      )}
      {diff.acceptedByToOnly === undefined ? null : (
        <Example
          text={`Release ${to} accepts this and release ${from} refuses it`}
          value={diff.acceptedByToOnly}
        />
      )}
      <ul class="changes">
        {diff.changes.map((change) => (
          <OneChange key={`${change.pointer} ${change.keyword} ${change.reason}`} change={change} />
        ))}
      </ul>
      <SideBySide before={data.before} after={data.after} from={from} to={to} />
    </>
  );
}

function OneChange({ change }: { readonly change: Change }) {
  return (
    <li>
      <Class class={change.class} /> <code>{change.pointer || "/"}</code> {change.reason}
      {change.counterExample === undefined ? null : (
        <Example text="Shown by this document" value={change.counterExample} />
      )}
    </li>
  );
}

function Example({
  text,
  value,
}: {
  readonly text: string;
  readonly value: Parameters<typeof fromValue>[0];
}) {
  return (
    <figure class="example">
      <figcaption>{text}:</figcaption>
      <Code label={text} text={pretty(fromValue(value))} />
    </figure>
  );
}

function Class(props: { readonly class: ChangeClass }) {
  return <Badge tone={TONES[props.class] ?? ""}>{words(ChangeClassSchema, props.class)}</Badge>;
}
