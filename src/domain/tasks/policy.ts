/** The rules of the states, as data: which may follow which, and how long a task in each is kept. */

/** In the order of the contract's enum. */
export const TASK_STATES = ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** The states that may follow each; none after a terminal one. */
export const NEXT_STATES: Readonly<Record<TaskState, readonly TaskState[]>> = {
  PENDING: ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"],
  PROCESSING: ["PROCESSING", "COMPLETED", "FAILED", "CANCELLED"],
  COMPLETED: [],
  FAILED: [],
  CANCELLED: [],
};

export interface TaskSettings {
  /** Milliseconds that a task stays in the hot store after its last write, > 0. */
  readonly hotTtlMs: Readonly<Record<TaskState, number>>;
  /** Milliseconds after its last write at which a task is purged; a state that is left out is kept for ever. */
  readonly retentionMs: Readonly<Partial<Record<TaskState, number>>>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const DEFAULT_TASK_SETTINGS: TaskSettings = {
  hotTtlMs: {
    PENDING: 30 * MINUTE,
    PROCESSING: HOUR,
    COMPLETED: 24 * HOUR,
    FAILED: 12 * HOUR,
    CANCELLED: 12 * HOUR,
  },
  retentionMs: {},
};

/** What holds for one state, as GetTaskPolicy tells it. */
export interface StatePolicy {
  readonly state: TaskState;
  readonly nextStates: readonly TaskState[];
  readonly terminal: boolean;
  readonly hotTtlMs: number;
  readonly retentionMs: number | undefined;
}

export function statePolicies(settings: TaskSettings): readonly StatePolicy[] {
  return TASK_STATES.map((state) => ({
    state,
    nextStates: NEXT_STATES[state],
    terminal: NEXT_STATES[state].length === 0,
    hotTtlMs: settings.hotTtlMs[state],
    retentionMs: settings.retentionMs[state],
  }));
}

/** The states that `next` may follow: what a write's filter asks for. */
export function statesBefore(next: TaskState): readonly TaskState[] {
  return TASK_STATES.filter((state) => NEXT_STATES[state].includes(next));
}

export function isTaskState(value: unknown): value is TaskState {
  return TASK_STATES.some((state) => state === value);
}
