// Clients that meet on hot tasks, each one call after another, until they are told to stop.
import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { TaskState, type UpdateTaskRequestSchema } from "../../gen/dbconn/v1/task_pb.ts";
import type { Instance } from "./instance.ts";
import type { Answer, Recorder } from "./recorder.ts";

export interface LoadOptions {
  readonly clients: number;
  readonly keys: number;
  readonly deadlineMs: number;
  /** The share of calls that get a deadline of 1 ms. */
  readonly hurried?: number;
  /** The share of writes that are sent to two instances at once. */
  readonly twins?: number;
}

/** What a client knows of a task: what the last answers showed. */
interface Known {
  revision: number;
  etag: string | undefined;
  etagRevision: number;
}

/** A client whose call was not answered lets a moment go by, so that it does not only count connection failures. */
const AFTER_FAILURE_MS = 50;
const WHERE_NOBODY_IS_MS = 250;
const HURRIED_MS = 1;

export class Load {
  readonly kind: string;
  readonly #instances: readonly Instance[];
  readonly #options: LoadOptions;
  readonly #recorder: Recorder;
  readonly #clients: Promise<void>[] = [];
  #stopped = false;

  constructor(kind: string, instances: readonly Instance[], options: LoadOptions, recorder: Recorder) {
    this.kind = kind;
    this.#instances = instances;
    this.#options = options;
    this.#recorder = recorder;
  }

  get keys(): readonly string[] {
    return Array.from({ length: this.#options.keys }, (_, i) => `hot-${i}`);
  }

  /** `prefix`: of the clients' names, unlike any other load's of the same tasks. */
  start(prefix: string): void {
    for (let i = 0; i < this.#options.clients; i++) this.#clients.push(this.#run(`${prefix}${i}`));
  }

  /** Resolves when the calls that are under way have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #run(client: string): Promise<void> {
    const known = new Map<string, Known>(
      this.keys.map((key) => [key, { revision: 0, etag: undefined, etagRevision: 0 }]),
    );
    for (let n = 0; !this.#stopped; n++) {
      const [key, about] = pick([...known]);
      const answer = await this.#step(client, `${client}-${n}`, key, about);
      const { operation, task } = answer;
      if (operation.outcome === "failed") await delay(operation.told ? AFTER_FAILURE_MS : WHERE_NOBODY_IS_MS);
      if (task === undefined) {
        if (operation.absent) await this.#create(client, `${client}-${n}c`, key, about);
      } else if (!operation.degraded) learn(about, answer);
    }
  }

  #step(client: string, id: string, key: string, about: Known): Promise<Answer> {
    const chance = Math.random();
    if (chance < 0.3) return this.#merge(client, id, key);
    if (chance < 0.42 && about.etag !== undefined) return this.#merge(client, id, key, about);
    if (chance < 0.44) return this.#delete(client, id, key);
    const consistency = chance < 0.55 ? "strong" : "fast";
    const minRevision = chance > 0.8 && about.revision > 0 ? about.revision : undefined;
    const [instance, deadlineMs] = [this.#anyInstance(), this.#deadline()];
    return this.#recorder.read({
      client,
      instance,
      kind: this.kind,
      key,
      deadlineMs,
      consistency,
      minRevision,
    });
  }

  async #create(client: string, requestId: string, key: string, about: Known): Promise<void> {
    const answer = await this.#write(client, key, requestId, undefined, (instance, options) =>
      instance.tasks.createTask(
        { kind: this.kind, taskId: key, message: requestId, data: { [client]: requestId }, requestId },
        options,
      ),
    );
    if (answer.task !== undefined) learn(about, answer);
  }

  /** Unconditional, or from the very revision that the client knows. */
  #merge(client: string, requestId: string, key: string, from?: Known): Promise<Answer> {
    const request: MessageInitShape<typeof UpdateTaskRequestSchema> = {
      kind: this.kind,
      taskId: key,
      state: TaskState.PROCESSING,
      message: requestId,
      data: { [client]: requestId },
      requestId,
      ...(from?.etag === undefined ? {} : { etag: from.etag }),
    };
    return this.#write(client, key, requestId, from?.etagRevision, (instance, options) =>
      instance.tasks.updateTask(request, options),
    );
  }

  #delete(client: string, requestId: string, key: string): Promise<Answer> {
    return this.#write(client, key, requestId, undefined, async (instance, options) => {
      const answer = await instance.tasks.deleteTask({ kind: this.kind, taskId: key, requestId }, options);
      const { existed, revision, replayed, appliedRevision } = answer;
      return { revision, replayed, appliedRevision: existed || replayed ? appliedRevision : 0n };
    });
  }

  /** Sends a write; where its outcome stays unknown, once more under its request id, to any instance. */
  async #write(
    client: string,
    key: string,
    requestId: string,
    expected: number | undefined,
    send: Parameters<Recorder["write"]>[1],
  ): Promise<Answer> {
    const attempt = (deadlineMs: number) =>
      this.#recorder.write(
        { client, instance: this.#anyInstance(), key, deadlineMs, requestId, expected },
        send,
      );
    const twins = Math.random() < (this.#options.twins ?? 0) ? 2 : 1;
    const answers = await Promise.all(Array.from({ length: twins }, () => attempt(this.#deadline())));
    const answer = answers.find(({ operation }) => operation.outcome !== "failed") ?? answers[0];
    if (answer === undefined) throw new Error("a write is sent at least once");
    const { outcome, applied } = answer.operation;
    if (outcome !== "failed" || applied !== "unknown" || this.#stopped) return answer;
    await delay(AFTER_FAILURE_MS);
    return attempt(this.#options.deadlineMs);
  }

  #deadline(): number {
    return Math.random() < (this.#options.hurried ?? 0) ? HURRIED_MS : this.#options.deadlineMs;
  }

  #anyInstance(): Instance {
    return pick(this.#instances);
  }
}

function learn(about: Known, { task, operation }: Answer): void {
  if (task === undefined || operation.revision === undefined) return;
  about.revision = Math.max(about.revision, operation.revision);
  about.etag = task.etag;
  about.etagRevision = operation.revision;
}

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}
