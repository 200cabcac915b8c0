/**
 * One update of a document at a time, for servers whose updates others can come between (FerretDB before 2.0: it
 * reads, computes and writes in three steps, and two updates at once lose one). What such a server does do
 * atomically is an insert under a unique id and the removal of a document: enough for a lock that several
 * processes share.
 *
 * A holder that was killed leaves its lock behind. Another process removes it after having been told, over and
 * over for long enough by a server that answers, that the same holder has it: time in which the server was away
 * or asleep does not count, since a command of the holder may still be waiting there. A holder that was only
 * asleep notices how long it slept and locks anew before it goes on.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Collection, MongoServerError } from "mongodb";
import { unavailable } from "../../errors.ts";

export interface Lock {
  readonly _id: string;
  readonly holder: string;
}

const STALE_AFTER_MS = 3000;
const HOLD_MS = 1000;
const POLL_MS = { from: 2, to: 40 };
/** Updates done under one lock before the others get their chance. */
const MAX_TURN = 32;
const DUPLICATE_KEY = 11000;
/** How often, and after what pause, a lock that could not be given back is tried again. */
const RELEASES = 100;
const RELEASE_PAUSE_MS = 250;

interface Waiting {
  readonly task: () => Promise<void>;
  readonly refuse: (error: unknown) => void;
}

interface Held {
  readonly holder: string;
  /** Monotonic time from before the lock was asked for. */
  readonly since: number;
}

export class DocumentLocks {
  readonly #locks: () => Collection<Lock>;
  readonly #patienceMs: number;
  /** What waits in this process, by document; its calls take turns without asking the server. */
  readonly #waiting = new Map<string, Waiting[]>();

  readonly #draining = new Set<Promise<void>>();

  /**
   * `patienceMs`: how long a command on a lock, or what is done under it, is waited for; longer than the driver's own
   * limits. One that was under way when its server died may never end, and whatever stood behind it would wait for ever.
   */
  constructor(locks: () => Collection<Lock>, patienceMs: number) {
    this.#locks = locks;
    this.#patienceMs = patienceMs;
  }

  /** Runs `work` while nobody else, here or elsewhere, runs any for the same document. */
  run<Result>(document: string, work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const task = () => work().then(resolve, reject);
      const waiting = this.#waiting.get(document);
      if (waiting !== undefined) {
        waiting.push({ task, refuse: reject });
        return;
      }
      const queue: Waiting[] = [{ task, refuse: reject }];
      this.#waiting.set(document, queue);
      const draining = this.#drain(document, queue).finally(() => this.#draining.delete(draining));
      this.#draining.add(draining);
    });
  }

  /** Resolves when every lock of this process is given back. */
  async idle(): Promise<void> {
    await Promise.all(this.#draining);
  }

  async #drain(document: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      let held: Held;
      try {
        held = await this.#acquire(document);
      } catch (error) {
        for (const { refuse } of queue.splice(0)) refuse(error);
        break;
      }
      for (let turn = 0; turn < MAX_TURN && performance.now() - held.since < HOLD_MS; turn += 1) {
        const next = queue.shift();
        if (next === undefined) break;
        await this.#within(next.task()).catch(next.refuse);
      }
      await this.#release(document, held);
      if (queue.length > 0) await delay(POLL_MS.to);
    }
    this.#waiting.delete(document);
  }

  async #acquire(document: string): Promise<Held> {
    const holder = randomUUID();
    let seen: string | undefined;
    let seenForMs = 0;
    for (let pause = POLL_MS.from; ; pause = Math.min(pause * 2, POLL_MS.to)) {
      const since = performance.now();
      try {
        await this.#within(this.#locks().insertOne({ _id: document, holder }));
        return { holder, since };
      } catch (error) {
        if (!(error instanceof MongoServerError && error.code === DUPLICATE_KEY)) {
          // It may have been taken all the same, and nobody else would know that nobody holds it.
          void this.#releaseLater(document, holder);
          throw error;
        }
      }
      const other = (await this.#within(this.#locks().findOne({ _id: document })))?.holder;
      seenForMs = other !== undefined && other === seen ? seenForMs + pause : 0;
      seen = other;
      if (other !== undefined && seenForMs >= STALE_AFTER_MS) {
        await this.#within(this.#locks().deleteOne({ _id: document, holder: other }));
      }
      // Not all at the same moment.
      await delay(pause * (0.5 + Math.random() / 2));
    }
  }

  async #release(document: string, { holder }: Held): Promise<void> {
    try {
      await this.#within(this.#locks().deleteOne({ _id: document, holder }));
    } catch {
      void this.#releaseLater(document, holder);
    }
  }

  /**
   * While the server is away a lock cannot be given back, and when it has returned the next one would wait until it
   * is stale. Past the last try that is what happens.
   */
  async #releaseLater(document: string, holder: string): Promise<void> {
    for (let left = RELEASES; left > 0; left--) {
      await delay(RELEASE_PAUSE_MS, undefined, { ref: false });
      try {
        await this.#within(this.#locks().deleteOne({ _id: document, holder }));
        return;
      } catch {}
    }
  }

  #within<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(unavailable("durable", { applied: "unknown" }));
      const timer = setTimeout(giveUp, this.#patienceMs);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
