import { type TaskEvent, TaskEventTypeSchema } from "../../gen/dbconn/v1/task_pb.ts";
import { bounded, tasksApi } from "../api/clients.ts";
import { useCall } from "../api/use-call.ts";
import { time, words } from "../ui/format.ts";
import { Failure } from "../ui/parts.tsx";
import { StateBadge } from "./state-badge.tsx";

const EVENTS = 1_000;

/** What happened to a task, oldest first; read again with each revision. */
export function Timeline(props: {
  readonly kind: string;
  readonly taskId: string;
  readonly revision: bigint | undefined;
}) {
  const { kind, taskId, revision } = props;
  const { data, failure } = useCall(
    (signal) => tasksApi.listTaskEvents({ kind, taskId, pageSize: EVENTS }, bounded(signal)),
    [kind, taskId, revision],
  );
  return (
    <>
      <h3>Timeline</h3>
      <Failure text={failure} />
      <ol class="timeline">
        {data?.events.map((event) => (
          <Event key={String(event.revision)} event={event} />
        ))}
      </ol>
      {data?.nextPageToken ? <p class="note">Only the first {EVENTS} events are shown.</p> : null}
    </>
  );
}

function Event({ event }: { readonly event: TaskEvent }) {
  const { type, state, status, message, progress } = event;
  return (
    <li>
      <time>{time(event.time)}</time> <strong>{words(TaskEventTypeSchema, type)}</strong>{" "}
      {state === undefined ? null : <StateBadge state={state} />} {status ?? ""} {message ?? ""}{" "}
      {progress === undefined ? "" : `${Math.round(100 * progress)} %`}
    </li>
  );
}
