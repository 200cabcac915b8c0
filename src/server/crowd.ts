/** How long (ms) a call that is too many waits for its refusal, at least. */
export const REFUSAL_MS = 250;
/** A refusal costs as much as a small call; more of them would leave too little time for calls. */
const REFUSALS_PER_MS = 1;
/** How long (ms) it may still be taken after all. Later, there are newer ones, whose callers have not waited yet. */
const PATIENCE_MS = 50;

/**
 * How long (ms) a call waits for its refusal beside so many others that do. A client that calls again at once, or waits
 * for its answer before it calls again, would otherwise be refused as fast as the process can, and nothing else be done;
 * so the calls that a connection may have at a time are what holds a client back.
 */
export function refusalPause(waiting: number): number {
  return Math.max(REFUSAL_MS, Math.ceil(waiting / REFUSALS_PER_MS));
}

interface Waiting {
  readonly since: number;
  readonly fits: () => boolean;
  readonly end: (taken: boolean) => void;
}

export interface CrowdOptions {
  /** Milliseconds. */
  readonly now: () => number;
  /** Whether one more may be taken beside so many that this turn of the event loop took. */
  readonly hasRoom: (takenInTurn: number) => boolean;
}

/**
 * Calls that are too many at the moment. A burst is taken over the next turns of the event loop; under a load that
 * lasts, the newest are taken, so that what is answered at all is answered soon, and the others refused after a while.
 */
export class Crowd {
  readonly #options: CrowdOptions;
  /** The oldest first. */
  readonly #waiting: Waiting[] = [];
  #takenInTurn = 0;
  #turnEnds = false;

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return this.#options.hasRoom(this.#takenInTurn);
  }

  /** One more was taken. What is answered at once is gone before the next connection is read, but its time was used. */
  take(): void {
    this.#takenInTurn++;
    this.#endTurnSoon();
  }

  /** A call has ended. */
  ended(): void {
    if (this.#waiting.length > 0) this.#endTurnSoon();
  }

  /**
   * Resolves with true once there is room and `fits`, and with false when the call is to be refused.
   * @param onGone is given what is to be called when nobody waits for the call any more.
   */
  wait(fits: () => boolean, onGone: (listener: () => void) => void): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        since: this.#options.now(),
        fits,
        end: (taken) => {
          clearTimeout(timer);
          resolve(taken);
        },
      };
      const refuse = (): void => {
        const at = this.#waiting.indexOf(waiting);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        waiting.end(false);
      };
      this.#waiting.push(waiting);
      const timer = setTimeout(refuse, refusalPause(this.#waiting.length));
      onGone(refuse);
      this.#endTurnSoon();
    });
  }

  #endTurnSoon(): void {
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#turnEnds = false;
    this.#takenInTurn = 0;
    const since = this.#options.now() - PATIENCE_MS;
    for (let at = this.#waiting.length - 1; at >= 0 && this.hasRoom; at--) {
      const waiting = this.#waiting[at];
      if (waiting === undefined || waiting.since < since) return;
      if (!waiting.fits()) continue;
      this.#waiting.splice(at, 1);
      this.take();
      waiting.end(true);
    }
  };
}
