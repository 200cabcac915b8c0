import type { Task } from "../../gen/dbconn/v1/task_pb.ts";
import { linkTo } from "../router.ts";
import { time } from "../ui/format.ts";
import { VirtualRows } from "../ui/virtual-rows.tsx";
import { nameOf } from "./live-tasks.ts";
import { StateBadge } from "./state-badge.tsx";

const COLUMNS = ["Task", "State", "Progress", "Status", "Group", "Updated"];

export function TaskTable({ rows }: { readonly rows: readonly Task[] }) {
  return (
    <VirtualRows
      label="Tasks, newest first"
      columns={COLUMNS}
      rows={rows}
      keyOf={nameOf}
      cells={(task) => <Cells task={task} />}
    />
  );
}

function Cells({ task }: { readonly task: Task }) {
  return (
    <>
      <th scope="row" class="task">
        <a href={linkTo("tasks", task.kind, task.taskId)}>{nameOf(task)}</a>
      </th>
      <td class="state">
        <StateBadge state={task.state} />
      </td>
      <td class="progress">{task.progress === undefined ? "" : `${Math.round(100 * task.progress)} %`}</td>
      <td class="status" title={task.message}>
        {task.status || task.message}
      </td>
      <td class="group">{task.group}</td>
      <td class="updated">{time(task.updateTime)}</td>
    </>
  );
}
