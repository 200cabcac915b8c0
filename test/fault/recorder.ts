// Turns calls and their answers into the operations that the checker reads. A write's value is its request id, which
// is the task's message, too, so that every answer says by itself whose write it shows.
import { Code, ConnectError } from "@connectrpc/connect";
import { Consistency, type Provenance, Source } from "../../gen/dbconn/v1/common_pb.ts";
import type { Task } from "../../gen/dbconn/v1/task_pb.ts";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import type { Operation } from "../support/history/operation.ts";
import { now } from "./clock.ts";
import type { Instance } from "./instance.ts";

/** An operation, and what only fault runs ask of it. */
export interface Recorded extends Operation {
  readonly instance: string;
  readonly deadlineMs: number;
  /** The answer was that there is no such task; which deletion it saw is worked out afterwards. */
  readonly absent?: boolean;
  /** The answer came from the service, and not from a connection that broke. */
  readonly told?: boolean;
}

/** What a caller learned; `undefined` revision: nothing. */
export interface Answer {
  readonly operation: Recorded;
  readonly task?: Task | undefined;
}

/** How much later than the deadline an answer may come on a busy machine before nobody waits for it any more. */
export const DEADLINE_SLACK_MS = 2_000;

export interface CallOptions {
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

export interface WriteAnswer {
  readonly task?: Task | undefined;
  readonly revision?: bigint;
  readonly replayed: boolean;
  readonly appliedRevision: bigint;
}

export class Recorder {
  readonly operations: Recorded[] = [];

  async read(call: {
    readonly client: string;
    readonly instance: Instance;
    readonly kind: string;
    readonly key: string;
    readonly deadlineMs: number;
    readonly consistency: "fast" | "strong";
    readonly minRevision?: number | undefined;
  }): Promise<Answer> {
    const { instance, kind, key, consistency, minRevision } = call;
    const begun = {
      ...begin(call),
      op: "read",
      consistency,
      ...(minRevision === undefined ? {} : { minRevision }),
    } as const;
    try {
      const { task, provenance } = await instance.tasks.getTask(
        {
          kind,
          taskId: key,
          consistency: consistency === "fast" ? Consistency.FAST : Consistency.STRONG,
          minRevision: BigInt(minRevision ?? 0),
        },
        within(call.deadlineMs),
      );
      return this.#keep(
        { ...begun, end: now(), outcome: "ok", told: true, ...shown(task), ...quality(provenance) },
        task,
      );
    } catch (error) {
      const failure = describeFailure(error);
      const end = now();
      if (failure.reason === "TASK_NOT_FOUND")
        return this.#keep({ ...begun, end, outcome: "ok", told: true, absent: true });
      if (failure.reason === "REVISION_NOT_REACHED") {
        // Clients ask for revisions that they have seen only, so this is an answer, and a wrong one.
        return this.#keep({ ...begun, end, outcome: "ok", told: true, revision: Number(failure.revision) });
      }
      return this.#keep({ ...begun, ...failed(failure, end) });
    }
  }

  async write(
    call: {
      readonly client: string;
      readonly instance: Instance;
      readonly key: string;
      readonly deadlineMs: number;
      readonly requestId: string;
      readonly expected?: number | undefined;
    },
    send: (instance: Instance, options: CallOptions) => Promise<WriteAnswer>,
  ): Promise<Answer> {
    const { requestId, expected } = call;
    const begun = {
      ...begin(call),
      op: "write",
      wrote: requestId,
      requestId,
      ...(expected === undefined ? {} : { expected }),
    } as const;
    try {
      const answer = await send(call.instance, within(call.deadlineMs));
      const end = now();
      const { task, replayed } = answer;
      const shows = task === undefined ? { revision: Number(answer.revision) } : shown(task);
      if (replayed) {
        const appliedRevision = Number(answer.appliedRevision);
        return this.#keep(
          { ...begun, end, outcome: "replayed", told: true, appliedRevision, ...shows },
          task,
        );
      }
      // A deletion of what was not there changed nothing, and says what it met.
      if (answer.appliedRevision === 0n)
        return this.#keep({ ...begun, end, outcome: "refused", told: true, ...shows });
      return this.#keep({ ...begun, end, outcome: "ok", told: true, ...shows, value: requestId }, task);
    } catch (error) {
      const failure = describeFailure(error);
      const end = now();
      const refused = { ...begun, end, outcome: "refused", told: true } as const;
      if (failure.reason === "ETAG_MISMATCH" || failure.reason === "TASK_EXISTS") return this.#keep(refused);
      if (failure.reason === "TASK_NOT_FOUND" && failure.applied === "no")
        return this.#keep({ ...refused, absent: true });
      return this.#keep({ ...begun, ...failed(failure, end) });
    }
  }

  #keep(operation: Recorded, task?: Task): Answer {
    this.operations.push(operation);
    return { operation, task };
  }
}

function begin(call: {
  readonly client: string;
  readonly instance: Instance;
  readonly key: string;
  readonly deadlineMs: number;
}) {
  const { client, instance, key, deadlineMs } = call;
  return { client, key, instance: instance.name, deadlineMs, start: now() };
}

/** The service is told the deadline, and the client waits longer than that, so as to see who does not keep it. */
export function within(deadlineMs: number): CallOptions {
  return {
    headers: { "grpc-timeout": `${deadlineMs}m` },
    signal: AbortSignal.timeout(deadlineMs + DEADLINE_SLACK_MS),
  };
}

function shown(task: Task | undefined): { readonly revision?: number; readonly value?: string } {
  return task === undefined ? {} : { revision: Number(task.revision), value: task.message };
}

/** Without the hot store an answer says `degraded`, too, but it is never old. */
function quality(provenance: Provenance | undefined): { readonly degraded?: true; readonly asOf?: number } {
  if (provenance?.degraded !== true || provenance.source !== Source.HOT) return {};
  const { asOf } = provenance;
  return {
    degraded: true,
    ...(asOf === undefined ? {} : { asOf: Number(asOf.seconds) * 1000 + asOf.nanos / 1e6 }),
  };
}

interface Failure {
  readonly code: Code;
  readonly reason: string | undefined;
  readonly applied: "no" | "yes" | "unknown" | undefined;
  readonly revision: string | undefined;
  readonly message: string;
}

export function describeFailure(error: unknown): Failure {
  const known = ConnectError.from(error);
  const [info] = known.findDetails(ErrorInfoSchema);
  const { applied, revision } = info?.metadata ?? {};
  return {
    code: known.code,
    reason: info?.reason,
    applied: applied === "no" || applied === "yes" || applied === "unknown" ? applied : undefined,
    revision,
    message: known.rawMessage,
  };
}

function failed({ code, reason, applied, message }: Failure, end: number) {
  const told = reason !== undefined;
  const label = reason ?? `${Code[code]}: ${message}`;
  return { end, outcome: "failed", applied: applied ?? "unknown", told, reason: label } as const;
}
