import { TaskState } from "../../gen/dbconn/v1/task_pb.ts";

/** Empty: any. */
export interface Filter {
  readonly kind: string;
  readonly group: string;
  readonly states: readonly TaskState[];
}

export const ANY: Filter = { kind: "", group: "", states: [] };

export const STATES: readonly TaskState[] = [
  TaskState.PENDING,
  TaskState.PROCESSING,
  TaskState.COMPLETED,
  TaskState.FAILED,
  TaskState.CANCELLED,
];

/** Changes are pushed for a kind or a group only. */
export const isWatchable = ({ kind, group }: Filter): boolean => kind !== "" || group !== "";
