import { aborted, ServiceError } from "../errors.ts";

/** At most `size` holders at once; the others wait in order, or until their signal fires. */
export class Semaphore {
  #free: number;
  readonly #waiting: { readonly start: () => void }[] = [];

  constructor(size: number) {
    this.#free = size;
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

/**
 * Callers of one key take turns, so that a process does not race against itself in compare-and-set loops. The line
 * for one key is bounded: `resource_exhausted` past it.
 */
export class Turns {
  readonly #lines = new Map<string, { readonly turn: Semaphore; callers: number }>();
  readonly #maxCallers: number;

  constructor(maxCallers: number) {
    this.#maxCallers = maxCallers;
  }

  async take<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const line = this.#lines.get(key) ?? { turn: new Semaphore(1), callers: 0 };
    if (line.callers >= this.#maxCallers) {
      throw new ServiceError("resource_exhausted", "OVERLOADED", "too many writers wait for this object", {
        retryAfterMs: 1000,
      });
    }
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
