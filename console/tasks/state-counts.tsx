import { bounded, tasksApi } from "../api/clients.ts";
import { useCall } from "../api/use-call.ts";
import { count } from "../ui/format.ts";
import { Failure } from "../ui/parts.tsx";
import { useRecentChange } from "../ui/use-recent-change.ts";
import type { Filter } from "./filter.ts";
import { StateBadge } from "./state-badge.tsx";

const COUNT_EVERY_MS = 1_000;
const REST_EVERY_MS = 10_000;

/** Tasks by state, counted by the server; more often while rows change. */
export function StateCounts(props: { readonly filter: Filter; readonly changes: unknown }) {
  const { kind, group, states } = props.filter;
  const isBusy = useRecentChange(props.changes);
  const { data, failure } = useCall(
    (signal) => tasksApi.countTasks({ kind, group, states: [...states] }, bounded(signal)),
    [kind, group, states.join()],
    isBusy ? COUNT_EVERY_MS : REST_EVERY_MS,
  );
  return (
    <>
      <Failure text={failure} />
      <ul class="counts" aria-label="Tasks by state">
        {data?.counts.map(({ state, count: many }) => (
          <li key={state}>
            <StateBadge state={state} /> {count(many)}
          </li>
        ))}
        <li>
          <strong>{count(data?.total ?? 0n)}</strong> in all
        </li>
      </ul>
    </>
  );
}
