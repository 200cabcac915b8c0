import { useState } from "preact/hooks";
import { Check, Field } from "../ui/parts.tsx";
import { type Filter, STATES } from "./filter.ts";
import { stateName } from "./state-badge.tsx";

/** Kind and group count when the form is sent, not letter by letter: each choice opens a watch. */
export function FilterForm(props: { readonly filter: Filter; readonly onChange: (filter: Filter) => void }) {
  const { filter, onChange } = props;
  const [kind, setKind] = useState(filter.kind);
  const [group, setGroup] = useState(filter.group);
  const toggle = (state: Filter["states"][number], isOn: boolean) =>
    onChange({
      ...filter,
      states: STATES.filter((other) => (other === state ? isOn : filter.states.includes(other))),
    });
  return (
    <search aria-label="Filter tasks">
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          onChange({ ...filter, kind: kind.trim(), group: group.trim() });
        }}
      >
        <Field label="Kind" value={kind} onChange={setKind} placeholder="any" />
        <Field label="Group" value={group} onChange={setGroup} placeholder="any" />
        <button type="submit">Show</button>
        <fieldset>
          <legend>States</legend>
          {STATES.map((state) => (
            <Check
              key={state}
              label={stateName(state)}
              checked={filter.states.includes(state)}
              onChange={(isOn) => toggle(state, isOn)}
            />
          ))}
        </fieldset>
      </form>
    </search>
  );
}
