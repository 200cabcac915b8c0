import { useState } from "preact/hooks";
import { bounded, cacheApi } from "../api/clients.ts";
import { useCall } from "../api/use-call.ts";
import { linkTo, place } from "../router.ts";
import { bytes, count } from "../ui/format.ts";
import { Failure, Note, Table } from "../ui/parts.tsx";
import { ClearForm } from "./clear-form.tsx";
import { KeySearch } from "./key-search.tsx";

const STATS_EVERY_MS = 5_000;

export function CachePage() {
  const [, namespace] = place.value;
  const [changes, setChanges] = useState(0);
  const { data, failure } = useCall(
    (signal) => cacheApi.getCacheStats({}, bounded(signal)),
    [changes],
    STATS_EVERY_MS,
  );
  const changed = () => setChanges((before) => before + 1);
  return (
    <>
      <h1>Cache</h1>
      <Failure text={failure} />
      <Note>
        {count(data?.hits ?? 0n)} hits and {count(data?.misses ?? 0n)} misses of this instance.
        {data?.partial ? " Too much to look at: the numbers below are of a part." : ""}
      </Note>
      <Table label="Namespaces" head={["Namespace", "Entries", "Size"]}>
        {data?.namespaces.map((stats) => (
          <tr key={stats.namespace}>
            <th scope="row">
              <a href={linkTo("cache", stats.namespace)}>{stats.namespace}</a>
            </th>
            <td>{count(stats.entries)}</td>
            <td>{bytes(stats.bytes)}</td>
          </tr>
        ))}
      </Table>
      {namespace === undefined ? null : (
        <KeySearch key={`${namespace} ${changes}`} namespace={namespace} onChanged={changed} />
      )}
      <ClearForm key={namespace ?? ""} namespace={namespace ?? ""} onCleared={changed} />
    </>
  );
}
