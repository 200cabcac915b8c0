import { TaskState, TaskStateSchema } from "../../gen/dbconn/v1/task_pb.ts";
import { words } from "../ui/format.ts";
import { Badge } from "../ui/parts.tsx";

const TONES: Readonly<Record<TaskState, string>> = {
  [TaskState.UNSPECIFIED]: "",
  [TaskState.PENDING]: "waiting",
  [TaskState.PROCESSING]: "active",
  [TaskState.COMPLETED]: "good",
  [TaskState.FAILED]: "bad",
  [TaskState.CANCELLED]: "",
};

export function StateBadge({ state }: { readonly state: TaskState }) {
  return <Badge tone={TONES[state] ?? ""}>{stateName(state)}</Badge>;
}

export const stateName = (state: TaskState): string => words(TaskStateSchema, state);
