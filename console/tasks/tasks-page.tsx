import { useEffect, useMemo, useState } from "preact/hooks";
import { signIns } from "../api/token.ts";
import { place } from "../router.ts";
import { count } from "../ui/format.ts";
import { Failure, Note } from "../ui/parts.tsx";
import { ANY, type Filter, isWatchable } from "./filter.ts";
import { FilterForm } from "./filter-form.tsx";
import { LiveTasks, MOST_ROWS } from "./live-tasks.ts";
import { StateCounts } from "./state-counts.tsx";
import { TaskDetail } from "./task-detail.tsx";
import { TaskTable } from "./task-table.tsx";

export function TasksPage() {
  const [filter, setFilter] = useState<Filter>(ANY);
  const session = signIns.value;
  const live = useMemo(() => new LiveTasks(filter), [filter, session]);
  useEffect(() => {
    const gone = new AbortController();
    void live.run(gone.signal);
    return () => gone.abort();
  }, [live]);
  const [, kind, taskId] = place.value;
  const rows = live.rows.value;
  return (
    <>
      <h1>Tasks</h1>
      <FilterForm filter={filter} onChange={setFilter} />
      <StateCounts filter={filter} changes={rows} />
      <Failure text={live.failure.value} />
      <Note>{about(filter, rows.length, live.isComplete.value)}</Note>
      <div class={taskId === undefined ? "" : "beside"}>
        <TaskTable rows={rows} />
        {kind === undefined || taskId === undefined ? null : (
          <TaskDetail key={`${kind}/${taskId}`} kind={kind} taskId={taskId} />
        )}
      </div>
    </>
  );
}

function about(filter: Filter, rows: number, isComplete: boolean): string {
  const shown = rows >= MOST_ROWS ? `the newest ${count(MOST_ROWS)} tasks` : `${count(rows)} tasks`;
  if (!isComplete) return `Reading: ${shown} so far.`;
  return isWatchable(filter)
    ? `Live: ${shown}.`
    : `The newest ${count(rows)} tasks, asked for every two seconds. Choose a kind or a group to see changes at once.`;
}
