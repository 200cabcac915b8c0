import type { Worker } from "node:worker_threads";
import { aborted, ServiceError, unavailable } from "../../errors.ts";
import type { Answer, Call, CallName, Calls, FromWorker, ToWorker } from "./protocol.ts";

/** Calls that wait for the batch before theirs; beyond it the store sheds load instead of growing. */
const MAX_QUEUED = 10_000;
/** Bounds how long one batch can keep the next waiting. */
const MAX_BATCH = 500;
const RESTART_DELAY_MS = 200;

interface Pending {
  readonly call: Call;
  readonly settle: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
}

/**
 * A worker thread and the calls on their way to it. One batch is out at a time: what arrives meanwhile goes
 * together into the next one, which for the writer is one transaction and one sync of the disk (group commit).
 */
export class Lane {
  readonly #create: () => Worker;
  readonly #mutates: boolean;
  #worker: Worker | undefined;
  #queued: Pending[] = [];
  #sent: readonly Pending[] = [];
  #scheduled = false;
  #closed = false;
  #drained: (() => void) | undefined;
  #restart: NodeJS.Timeout | undefined;
  /** Batches that wrote, and documents that they wrote. */
  readonly stats = { commits: 0, writes: 0 };

  constructor(create: () => Worker, mutates: boolean) {
    this.#create = create;
    this.#mutates = mutates;
  }

  /** Resolves when the worker has opened the database; rejects with the reason when it could not. */
  open(): Promise<void> {
    const worker = this.#create();
    return new Promise((resolve, reject) => {
      let failure: unknown = "the storage thread ended";
      worker.on("message", (message: FromWorker) => {
        if (message.type === "refused") failure = message.message;
        else if (message.type === "opened") {
          if (this.#closed) worker.postMessage({ type: "close" } satisfies ToWorker);
          else this.#worker = worker;
          resolve();
        } else this.#answered(message);
      });
      worker.on("error", (error) => {
        failure = error;
      });
      worker.on("exit", () => {
        reject(failure instanceof Error ? failure : new Error(String(failure)));
        if (this.#worker === worker) this.#lost(failure);
      });
    });
  }

  call<Name extends CallName>(
    name: Name,
    takes: Calls[Name]["takes"],
    signal?: AbortSignal,
  ): Promise<Calls[Name]["answers"]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw unavailable("durable", { message: "the durable store is closed" });
      if (signal?.aborted) throw aborted(signal);
      if (this.#worker === undefined) throw unavailable("durable");
      if (this.#queued.length >= MAX_QUEUED) throw overloaded();
      const pending: Pending = {
        call: { name, takes },
        settle: (answer) => {
          signal?.removeEventListener("abort", onAbort);
          if ("answer" in answer) resolve(answer.answer);
          else reject(errorOf(answer.failure, this.#mutates));
        },
        fail: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      const onAbort = () => {
        const waiting = this.#queued.indexOf(pending);
        if (waiting >= 0) this.#queued.splice(waiting, 1);
        reject(aborted(signal, waiting < 0 && this.#mutates ? "unknown" : "no"));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queued.push(pending);
      this.#schedule();
    });
  }

  /** Finishes what was accepted, then ends the worker. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#restart);
    if (this.#queued.length + this.#sent.length > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage({ type: "close" } satisfies ToWorker);
    await ended;
  }

  /** After this turn of the event loop, so that callers woken by one batch meet in the next. */
  #schedule(): void {
    if (this.#scheduled || this.#sent.length > 0 || this.#queued.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#worker === undefined || this.#sent.length > 0) return;
      this.#sent = this.#queued.splice(0, MAX_BATCH);
      const calls = this.#sent.map(({ call }) => call);
      if (calls.length > 0) this.#worker.postMessage({ type: "batch", calls } satisfies ToWorker);
      else this.#settled();
    });
  }

  #answered({ answers, writes }: Extract<FromWorker, { type: "answers" }>): void {
    const sent = this.#sent;
    this.#sent = [];
    if (writes > 0) {
      this.stats.commits += 1;
      this.stats.writes += writes;
    }
    for (const [at, answer] of answers.entries()) sent[at]?.settle(answer);
    this.#settled();
  }

  #settled(): void {
    if (this.#queued.length > 0) this.#schedule();
    else if (this.#sent.length === 0) this.#drained?.();
  }

  /** The thread ended by itself: what was out may have been committed, what waited was not. */
  #lost(cause: unknown): void {
    this.#worker = undefined;
    const [sent, queued] = [this.#sent, this.#queued];
    this.#sent = [];
    this.#queued = [];
    const applied = this.#mutates ? "unknown" : "no";
    for (const { fail } of sent) fail(unavailable("durable", { applied, cause }));
    for (const { fail } of queued) fail(unavailable("durable", { cause }));
    this.#settled();
    this.#reopen();
  }

  #reopen(): void {
    if (this.#closed) return;
    this.#restart = setTimeout(() => this.open().catch(() => this.#reopen()), RESTART_DELAY_MS);
    this.#restart.unref();
  }
}

function errorOf(
  { kind, message, maybeApplied }: Extract<Answer, { failure: unknown }>["failure"],
  mutates: boolean,
): Error {
  if (kind === "internal") return new Error(message);
  return unavailable("durable", { applied: mutates && maybeApplied ? "unknown" : "no", cause: message });
}

function overloaded(): ServiceError {
  return new ServiceError("resource_exhausted", "OVERLOADED", "too many calls wait for the durable store", {
    retryAfterMs: 1000,
  });
}
