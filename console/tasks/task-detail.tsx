import { useEffect, useState } from "preact/hooks";
import { type Task, WatchEventType } from "../../gen/dbconn/v1/task_pb.ts";
import { bounded, tasksApi } from "../api/clients.ts";
import { follow } from "../api/follow.ts";
import { pretty } from "../api/json.ts";
import { signIns } from "../api/token.ts";
import { useAction } from "../api/use-action.ts";
import { goTo } from "../router.ts";
import { Confirm } from "../ui/confirm.tsx";
import { time } from "../ui/format.ts";
import { Code, Failure } from "../ui/parts.tsx";
import { isTerminal } from "./live-tasks.ts";
import { StateBadge } from "./state-badge.tsx";
import { Timeline } from "./timeline.tsx";

/** One task, followed revision by revision. */
export function TaskDetail({ kind, taskId }: { readonly kind: string; readonly taskId: string }) {
  const { task, isDeleted, failure } = useTask(kind, taskId);
  const [asked, setAsked] = useState<"cancel" | "delete">();
  const action = useAction();
  const act = async () => {
    const request = { kind, taskId, etag: task?.etag ?? "", requestId: crypto.randomUUID() };
    const worked = await action.run(() =>
      asked === "cancel" ? tasksApi.cancelTask(request, bounded()) : tasksApi.deleteTask(request, bounded()),
    );
    if (worked) setAsked(undefined);
  };
  return (
    <section class="panel" aria-label={`Task ${kind}/${taskId}`}>
      <header>
        <h2>
          {kind}/{taskId}
        </h2>
        <button type="button" onClick={() => goTo("tasks")}>
          Close
        </button>
      </header>
      <Failure text={failure} />
      {isDeleted ? <p role="status">This task was deleted.</p> : null}
      {task === undefined ? null : (
        <>
          <Facts task={task} />
          <Code label="Data of the task" text={pretty(task.data ?? {})} />
          {isDeleted ? null : (
            <div class="actions">
              <button type="button" disabled={isTerminal(task.state)} onClick={() => setAsked("cancel")}>
                Cancel task
              </button>
              <button type="button" class="danger" onClick={() => setAsked("delete")}>
                Delete task
              </button>
            </div>
          )}
        </>
      )}
      <Timeline kind={kind} taskId={taskId} revision={task?.revision} />
      {asked === undefined ? null : (
        <Confirm
          question={
            asked === "cancel" ? `Cancel ${kind}/${taskId}?` : `Delete ${kind}/${taskId}? Its history stays.`
          }
          action={asked === "cancel" ? "Cancel the task" : "Delete"}
          failure={action.failure}
          onConfirm={act}
          onClose={() => setAsked(undefined)}
        />
      )}
    </section>
  );
}

function Facts({ task }: { readonly task: Task }) {
  const facts = [
    ["Group", task.group],
    ["Status", task.status],
    ["Message", task.message],
    ["Code", String(task.code)],
    ["Created", time(task.createTime)],
    ["Updated", time(task.updateTime)],
    ["Revision", String(task.revision)],
  ] as const;
  return (
    <dl class="facts">
      <dt>State</dt>
      <dd>
        <StateBadge state={task.state} />
      </dd>
      {facts.map(([name, text]) =>
        text === "" ? null : (
          <>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </>
        ),
      )}
    </dl>
  );
}

function useTask(kind: string, taskId: string) {
  const [state, setState] = useState<{ task?: Task; isDeleted: boolean; failure?: string }>({
    isDeleted: false,
  });
  useEffect(() => {
    const gone = new AbortController();
    let resumeToken = "";
    void follow(
      (signal) => tasksApi.watchTasks({ kind, taskId, resumeToken }, { signal }),
      {
        item: (item) => {
          resumeToken = item.resumeToken;
          if (item.type === WatchEventType.DELETED) setState((before) => ({ ...before, isDeleted: true }));
          else if (item.task !== undefined) setState({ task: item.task, isDeleted: false });
        },
        broken: (failure) => setState((before) => ({ ...before, failure })),
      },
      gone.signal,
    );
    return () => gone.abort();
  }, [kind, taskId, signIns.value]);
  return state;
}
