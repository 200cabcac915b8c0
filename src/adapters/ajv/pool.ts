/**
 * Threads for jobs that may run for ever or eat all memory: a job that does either is ended with its thread, and
 * the next job gets a new one.
 */
import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { LRUCache } from "lru-cache";
import { aborted, ServiceError } from "../../errors.ts";
import { isTooComplex, tooComplex } from "./in-process.ts";
import type { Reply, Request } from "./messages.ts";

export interface PoolSettings {
  /** The module that a thread starts with: it calls `serveJobs`. */
  readonly entry: URL;
  /** Threads, and so jobs at a time. */
  readonly workers: number;
  /** Milliseconds that one job may take. */
  readonly jobMs: number;
  /** MiB of heap that one thread may have. */
  readonly heapMb: number;
  /** Jobs that may wait; more are refused. */
  readonly queue: number;
}

/** Loading the thread's code is no job's fault, but must end too. */
const START_MS = 30_000;
/**
 * How long a job that took too much is refused when it comes again. Each time it would keep a thread busy until its end,
 * and the next thread would have to warm up beside everything else.
 */
const AGAIN_AFTER_MS = 5_000;
const MAX_REMEMBERED = 1_000;

interface Job {
  readonly request: Request;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  ready: boolean;
  job: Job | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class WorkerPool {
  readonly #settings: PoolSettings;
  readonly #threads = new Set<Thread>();
  /** Threads on their way out, whose end `close` waits for. */
  readonly #ending = new Set<Promise<unknown>>();
  readonly #queue: Job[] = [];
  readonly #tooComplex = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: AGAIN_AFTER_MS });
  #closed = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** Answers when the job is done, refused, or out of time; a fired signal answers at once. */
  run(request: Request, signal?: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw shuttingDown();
      if (signal?.aborted) throw aborted(signal);
      if (this.#tooComplex.size > 0 && this.#tooComplex.has(keyOf(request))) throw tooComplex();
      if (this.#queue.length >= this.#settings.queue) {
        const message = "too many schemas and documents wait to be judged";
        throw new ServiceError("resource_exhausted", "OVERLOADED", message, { retryAfterMs: 1000 });
      }
      // A running job is left to end within its own time: a thread costs more to start than to finish with.
      const onAbort = () => {
        const waiting = this.#queue.indexOf(job);
        if (waiting !== -1) this.#queue.splice(waiting, 1);
        reject(aborted(signal));
      };
      const settled = () => signal?.removeEventListener("abort", onAbort);
      const job: Job = {
        request,
        resolve: (reply) => {
          settled();
          resolve(reply);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.reject(shuttingDown());
    for (const thread of [...this.#threads]) this.#end(thread, shuttingDown());
    await Promise.all(this.#ending);
  }

  #dispatch(): void {
    while (this.#queue.length > 0 && !this.#closed) {
      const thread = [...this.#threads].find((candidate) => candidate.job === undefined) ?? this.#start();
      const job = thread === undefined ? undefined : this.#queue.shift();
      if (thread === undefined || job === undefined) return;
      thread.job = job;
      this.#limit(thread, thread.ready ? this.#settings.jobMs : START_MS);
      thread.worker.postMessage(job.request);
    }
  }

  /** A new thread, or undefined when there are as many as there may be. Threads start when they are needed. */
  #start(): Thread | undefined {
    if (this.#threads.size >= this.#settings.workers) return undefined;
    const worker = new Worker(this.#settings.entry, {
      // Nothing of the process is the thread's business: no secrets of its environment, no flags.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: this.#settings.heapMb },
    });
    const thread: Thread = { worker, ready: false, job: undefined, timer: undefined };
    this.#threads.add(thread);
    worker.on("message", (reply: Reply) => this.#onReply(thread, reply));
    worker.on("error", (error: Error) => {
      const outOfMemory = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
      this.#end(thread, outOfMemory ? tooComplex() : error);
    });
    worker.on("exit", () => this.#end(thread, new Error("a validator thread ended by itself")));
    return thread;
  }

  #onReply(thread: Thread, reply: Reply): void {
    if (reply.kind === "ready") {
      thread.ready = true;
      if (thread.job !== undefined) this.#limit(thread, this.#settings.jobMs);
      return;
    }
    clearTimeout(thread.timer);
    const { job } = thread;
    thread.job = undefined;
    if (reply.kind === "too_complex") this.#refuse(job, tooComplex());
    else if (reply.kind === "failed") job?.reject(new Error(reply.message));
    else job?.resolve(reply);
    this.#dispatch();
  }

  #limit(thread: Thread, milliseconds: number): void {
    clearTimeout(thread.timer);
    thread.timer = setTimeout(() => this.#end(thread, tooComplex()), milliseconds);
  }

  /** Ends a thread once, with the answer for the job it had. */
  #end(thread: Thread, error: Error): void {
    if (!this.#threads.delete(thread)) return;
    clearTimeout(thread.timer);
    const ending = thread.worker.terminate().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    if (thread.ready) this.#refuse(thread.job, error);
    else thread.job?.reject(error);
    this.#dispatch();
  }

  #refuse(job: Job | undefined, error: Error): void {
    if (job === undefined) return;
    if (isTooComplex(error)) this.#tooComplex.set(keyOf(job.request), true);
    job.reject(error);
  }
}

function keyOf(request: Request): string {
  const hash = createHash("sha256");
  for (const part of partsOf(request)) hash.update(part).update("\0");
  return hash.digest("base64");
}

/** A hash names what a schema says, its dialect included. */
function partsOf(request: Request): readonly string[] {
  const { kind } = request;
  switch (kind) {
    case "check":
      return [kind, request.schema.text];
    case "validate":
      return [kind, request.schema.sha256, request.documents];
    case "judge":
      return [kind, request.older.sha256, request.newer.sha256, JSON.stringify(request.wanted)];
    case "explain":
      return [kind, request.older.sha256, request.newer.sha256];
  }
}

function shuttingDown(): ServiceError {
  return new ServiceError("unavailable", "SHUTTING_DOWN", "the service is shutting down", {
    retryAfterMs: 1000,
  });
}
