import { useState } from "preact/hooks";
import { bounded, cacheApi } from "../api/clients.ts";
import { usePages } from "../api/use-pages.ts";
import { Failure, Field, More, Note } from "../ui/parts.tsx";
import { EntryPanel } from "./entry-panel.tsx";

const PAGE_SIZE = 100;

/** Keys of a namespace by pattern, and the one that was chosen. */
export function KeySearch(props: { readonly namespace: string; readonly onChanged: () => void }) {
  const { namespace } = props;
  const [typed, setTyped] = useState("*");
  const [pattern, setPattern] = useState("*");
  const [chosen, setChosen] = useState<string>();
  const { items, failure, next } = usePages(
    async (pageToken, signal) => {
      const page = await cacheApi.listKeys(
        { namespace, pattern, pageSize: PAGE_SIZE, pageToken },
        bounded(signal),
      );
      return { items: page.keys, nextPageToken: page.nextPageToken };
    },
    [namespace, pattern],
  );
  return (
    <section aria-label={`Keys of ${namespace}`}>
      <h2>{namespace}</h2>
      <search aria-label="Search keys">
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            setPattern(typed === "" ? "*" : typed);
          }}
        >
          <Field label="Pattern (* and ?)" value={typed} onChange={setTyped} />
          <button type="submit">Search</button>
        </form>
      </search>
      <Failure text={failure} />
      {items.length === 0 ? <Note>No keys yet for this pattern.</Note> : null}
      <ul class="keys">
        {/* A key may come in two pages while the store grows. */}
        {[...new Set(items)].map((key) => (
          <li key={key}>
            <button type="button" class="link" onClick={() => setChosen(key)}>
              {key}
            </button>
          </li>
        ))}
      </ul>
      <More next={next} />
      {chosen === undefined ? null : (
        <EntryPanel
          key={chosen}
          namespace={namespace}
          name={chosen}
          onClose={() => setChosen(undefined)}
          onDeleted={props.onChanged}
        />
      )}
    </section>
  );
}
