// One row of the table: what a cell's clients did and saw, in figures.
import type { Crowd } from "./crowd.ts";
import type { Finding } from "./promises.ts";
import type { Recorded } from "./recorder.ts";

export interface Row {
  readonly cell: string;
  /** Clients of tasks that met on the same few. */
  readonly clients: number;
  /** Calls of all services that were answered; those that met nobody show nothing. */
  readonly operations: number;
  readonly tasks: number;
  readonly schemas: number;
  readonly cache: number;
  /** Events that watchers were told. */
  readonly events: number;
  /** Calls that change something, of all services. */
  readonly writes: number;
  /** Acknowledged writes of tasks and schemas. */
  readonly acknowledged: number;
  readonly violations: readonly Finding[];
  /** Writes of tasks whose caller does not know whether they happened. */
  readonly unknown: number;
  /** Milliseconds, the longest time without any acknowledged write of a task. */
  readonly longestPauseMs: number;
  /**
   * Milliseconds from the end of the fault until every instance says that all is normal and a write is acknowledged;
   * the longest one, where the fault came several times.
   */
  readonly recoveryMs: number;
  readonly proof: string;
}

type Counts = Pick<
  Row,
  | "clients"
  | "operations"
  | "tasks"
  | "schemas"
  | "cache"
  | "events"
  | "writes"
  | "acknowledged"
  | "unknown"
  | "longestPauseMs"
>;

export function count(crowd: Crowd, begun: number, ended: number): Counts {
  const tasks = crowd.taskOperations.filter(({ told }) => told === true);
  const schemas = crowd.schemaRecorder.operations.filter(({ answer }) => isAnswer(answer));
  const cache = crowd.cache.operations.filter(({ answer }) => isAnswer(answer));
  const writes = tasks.filter(({ op }) => op === "write");
  const allWrites = crowd.taskOperations.filter(({ op }) => op === "write");
  const schemaWrites = schemas.filter(({ requestId }) => requestId !== undefined);
  return {
    clients: new Set(writes.map(({ client }) => client)).size,
    operations: tasks.length + schemas.length + cache.length,
    tasks: tasks.length,
    schemas: schemas.length,
    cache: cache.length,
    events: crowd.watchers.events,
    writes: writes.length + schemaWrites.length + cache.filter(({ call }) => call.method !== "get").length,
    acknowledged: acknowledgedWrites(crowd),
    unknown: allWrites.filter(({ outcome, applied }) => outcome === "failed" && applied === "unknown").length,
    longestPauseMs: longestPause(writes, begun, ended),
  };
}

/** The service's reasons are one word; what connections say is not. */
function isAnswer(answer: { readonly outcome: string; readonly reason?: string } | undefined): boolean {
  return answer !== undefined && (answer.outcome !== "failed" || /^[A-Z_]+$/.test(answer.reason ?? ""));
}

/** Calls of all services that were answered so far. */
export function answered({ taskOperations, schemaRecorder, cache }: Crowd): number {
  return (
    taskOperations.filter(({ told }) => told === true).length +
    [...schemaRecorder.operations, ...cache.operations].filter(({ answer }) => isAnswer(answer)).length
  );
}

export function acknowledgedWrites({ taskOperations, schemaRecorder }: Crowd): number {
  const ofSchemas = schemaRecorder.operations.filter(
    ({ answer }) => answer?.outcome === "ok" && (answer.appliedRevision ?? 0) > 0,
  );
  return taskOperations.filter(isAcknowledged).length + ofSchemas.length;
}

export function isAcknowledged({ op, outcome }: Recorded): boolean {
  return op === "write" && outcome === "ok";
}

function longestPause(writes: readonly Recorded[], begun: number, ended: number): number {
  const ends = writes.filter(isAcknowledged).flatMap(({ end }) => (end === undefined ? [] : [end]));
  const moments = [begun, ...ends.toSorted((a, b) => a - b), ended];
  return moments.slice(1).reduce((longest, at, i) => Math.max(longest, at - (moments[i] ?? at)), 0);
}
