/** How long (ms) a call that is too many waits for its refusal, at least. */
export const REFUSAL_MS = 250;
/** A refusal costs as much as a small call; more of them would leave too little time for calls. */
const REFUSALS_PER_MS = 1;
/** How long (ms) it may be taken while others come: after that it is late, and those go before it. */
const PATIENCE_MS = 15;
/** At most so much (ms) of the time between two turns counts: a thread that stood still for a moment makes nobody late. */
const STEP_MS = 7;
/** Nobody has come for so long (ms): it was a burst, and those who wait are all there are. */
const QUIET_MS = 20;

/**
 * How long (ms) a call waits for its refusal beside so many others that do. A client that calls again at once, or waits
 * for its answer before it calls again, would otherwise be refused as fast as the process can, and nothing else be done;
 * so the calls that a connection may have at a time are what holds a client back.
 */
export function refusalPause(waiting: number): number {
  return Math.max(REFUSAL_MS, Math.ceil(waiting / REFUSALS_PER_MS));
}

interface Waiting {
  /** By the crowd's own clock. */
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
 * Calls that are too many at the moment. They are taken in their order as room is made, over the next turns of the event
 * loop and later. Under a load that lasts, those who are late are passed over and refused after a while, so that what is
 * answered at all is answered soon.
 */
export class Crowd {
  readonly #options: CrowdOptions;
  /** The oldest first. */
  readonly #waiting: Waiting[] = [];
  #takenInTurn = 0;
  #turnEnds = false;
  #lastCame = Number.NEGATIVE_INFINITY;
  #lastTurn = Number.NEGATIVE_INFINITY;
  /** Time (ms) that counts as waiting. */
  #clock = 0;

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
      this.#lastCame = this.#options.now();
      const waiting: Waiting = {
        since: this.#clock,
        fits,
        end: (taken) => {
          clearTimeout(timer);
          resolve(taken);
        },
      };
      const end = (taken: boolean): void => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#end(at, taken);
      };
      this.#waiting.push(waiting);
      const timer = setTimeout(
        () => end(this.#isQuiet && this.hasRoom && fits()),
        refusalPause(this.#waiting.length),
      );
      onGone(() => end(false));
      this.#endTurnSoon();
    });
  }

  get #isQuiet(): boolean {
    return this.#options.now() - this.#lastCame >= QUIET_MS;
  }

  #endTurnSoon(): void {
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#turnEnds = false;
    this.#takenInTurn = 0;
    const now = this.#options.now();
    this.#clock += Math.min(now - this.#lastTurn, STEP_MS);
    this.#lastTurn = now;
    const waiting = this.#waiting;
    let at = this.#isQuiet ? 0 : this.#firstInTime();
    while (at < waiting.length && this.hasRoom) {
      if (waiting[at]?.fits()) this.#end(at, true);
      else at++;
    }
  };

  /** It waits no longer. */
  #end(at: number, taken: boolean): void {
    const [waiting] = this.#waiting.splice(at, 1);
    if (taken) this.take();
    waiting?.end(taken);
  }

  #firstInTime(): number {
    const since = this.#clock - PATIENCE_MS;
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.since ?? 0) >= since) at--;
    return at;
  }
}
