import { useState } from "preact/hooks";
import { View } from "../../gen/dbconn/v1/common_pb.ts";
import { ChangeClassSchema, DialectSchema, type SchemaRelease } from "../../gen/dbconn/v1/schema_pb.ts";
import { bounded, schemasApi } from "../api/clients.ts";
import { fromValue, pretty } from "../api/json.ts";
import { useAction } from "../api/use-action.ts";
import { useCall } from "../api/use-call.ts";
import { usePages } from "../api/use-pages.ts";
import { Confirm } from "../ui/confirm.tsx";
import { time, words } from "../ui/format.ts";
import { Badge, Code, Failure, More, Table } from "../ui/parts.tsx";
import type { SchemaProps } from "./schema-page.tsx";

const PAGE_SIZE = 50;

/** Newest first. */
export function Releases({ schema, reload }: SchemaProps) {
  const { name, etag, activeRelease } = schema;
  const [shown, setShown] = useState<number>();
  const [deleting, setDeleting] = useState<number>();
  const action = useAction();
  const { items, failure, next } = usePages(
    async (pageToken, signal) => {
      const page = await schemasApi.listReleases(
        { name, pageSize: PAGE_SIZE, pageToken, view: View.BASIC },
        bounded(signal),
      );
      return { items: page.releases, nextPageToken: page.nextPageToken };
    },
    [name],
  );
  const call = (release: number) => ({ name, release, etag, requestId: crypto.randomUUID() });
  const act = async (change: () => Promise<unknown>) => {
    if (await action.run(change)) reload();
  };
  return (
    <>
      <Failure text={failure ?? (deleting === undefined ? action.failure : undefined)} />
      <Table
        label="Releases, newest first"
        head={["Release", "Change", "Published", "By", "Note", "Actions"]}
      >
        {items.map((release) => (
          <tr key={release.release}>
            <th scope="row">
              {release.release} {release.release === activeRelease ? <Badge tone="good">active</Badge> : null}
            </th>
            <td>{words(ChangeClassSchema, release.change)}</td>
            <td>{time(release.createTime)}</td>
            <td>{release.createdBy}</td>
            <td>{release.note}</td>
            <td class="actions">
              <button type="button" onClick={() => setShown(release.release)}>
                Show {release.release}
              </button>
              {release.release === activeRelease ? null : (
                <button
                  type="button"
                  onClick={() => act(() => schemasApi.revertSchema(call(release.release), bounded()))}
                >
                  Make {release.release} active
                </button>
              )}
              <button type="button" class="danger" onClick={() => setDeleting(release.release)}>
                Delete {release.release}
              </button>
            </td>
          </tr>
        ))}
      </Table>
      <More next={next} />
      {shown === undefined ? null : <Shown key={shown} name={name} release={shown} />}
      {deleting === undefined ? null : (
        <Confirm
          question={`Delete release ${deleting} of ${name}? Its number is never used again.`}
          action="Delete"
          failure={action.failure}
          onConfirm={() => act(() => schemasApi.deleteRelease(call(deleting), bounded()))}
          onClose={() => setDeleting(undefined)}
        />
      )}
    </>
  );
}

function Shown({ name, release }: Pick<SchemaRelease, "name" | "release">) {
  const { data, failure } = useCall(
    (signal) => schemasApi.getRelease({ name, release }, bounded(signal)),
    [name, release],
  );
  return (
    <section class="panel" aria-label={`Release ${release}`}>
      <h2>Release {release}</h2>
      <Failure text={failure} />
      {data?.release === undefined ? null : (
        <>
          <p class="note">
            {words(DialectSchema, data.release.dialect)}, sha256 {data.release.sha256}
          </p>
          <Code label={`Document of release ${release}`} text={pretty(fromValue(data.release.document))} />
        </>
      )}
    </section>
  );
}
