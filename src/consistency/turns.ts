import { aborted, ServiceError } from "../errors.ts";

/**
 * At most `size` holders at once; the others wait in order, or until their signal fires. More than `maxWaiting` of them
 * are told so: `resource_exhausted`.
 */
export class Semaphore {
  #free: number;
  readonly #maxWaiting: number;
  readonly #waiting: { readonly start: () => void }[] = [];

  constructor(size: number, maxWaiting: number) {
    this.#free = size;
    this.#maxWaiting = maxWaiting;
  }

  async hold<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next.start();
    }
  }

  #acquire(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#maxWaiting) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(aborted(signal));
      };
      const entry = {
        start: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      this.#waiting.push(entry);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}

/** Callers of one key take turns, so that a process does not race against itself in compare-and-set loops. */
export class Turns {
  readonly #lines = new Map<string, { readonly turn: Semaphore; callers: number }>();
  readonly #maxWaiting: number;

  /** `maxWaiting`: for one key; `resource_exhausted` past it. */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  async take<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const line = this.#lines.get(key) ?? { turn: new Semaphore(1, this.#maxWaiting), callers: 0 };
    this.#lines.set(key, line);
    line.callers++;
    try {
      return await line.turn.hold(work, signal);
    } finally {
      line.callers--;
      if (line.callers === 0) this.#lines.delete(key);
    }
  }
}

function overloaded(): ServiceError {
  return new ServiceError("resource_exhausted", "OVERLOADED", "too many calls wait for this process's turn", {
    retryAfterMs: 1000,
  });
}
