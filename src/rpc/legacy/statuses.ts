/** What a status text of the old contract means: the state that it stands for, and its lifetime in the hot store. */
import type { TaskState } from "../../domain/tasks/policy.ts";

export interface StatusMeaning {
  readonly state: TaskState;
  readonly hotTtlMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const IN_PROGRESS: StatusMeaning = { state: "PROCESSING", hotTtlMs: HOUR };
const FAILURE: StatusMeaning = { state: "FAILED", hotTtlMs: 12 * HOUR };
const UNKNOWN: StatusMeaning = { state: "PENDING", hotTtlMs: 30 * MINUTE };

const STATUSES: ReadonlyMap<string, StatusMeaning> = new Map([
  ["accepted", { state: "PENDING", hotTtlMs: 30 * MINUTE }],
  ["received-sample-validation", IN_PROGRESS],
  ["processing-file", IN_PROGRESS],
  ["validating-file", IN_PROGRESS],
  ["warning", IN_PROGRESS],
  ["received-schema-update", IN_PROGRESS],
  ["received-removing-schema", IN_PROGRESS],
  ["creating-schema", IN_PROGRESS],
  ["schema-created", IN_PROGRESS],
  ["saving-schema", IN_PROGRESS],
  ["removing-schema", IN_PROGRESS],
  ["success", { state: "COMPLETED", hotTtlMs: HOUR }],
  ["completed", { state: "COMPLETED", hotTtlMs: 24 * HOUR }],
  ["published", { state: "COMPLETED", hotTtlMs: 12 * HOUR }],
  ["error", FAILURE],
]);

export function meaningOf(status: string): StatusMeaning {
  return STATUSES.get(status) ?? (status.startsWith("failed-") ? FAILURE : UNKNOWN);
}
