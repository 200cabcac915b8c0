import { REFUSAL_MS } from "./crowd.ts";

/** Messages of fewer bytes are decoded as they come. */
const LARGE_BYTES = 64 * 1024;
/**
 * How long nothing large is decoded after something was, in times of what that took. What follows the decoding takes
 * about twice as long again, so that all of it is about a tenth of the time: then hardly any other call meets it.
 */
const PAUSE = 25;
/** The longest pause (ms), so that others come to their turn in time. */
const MAX_PAUSE_MS = 1_000;
/** What it takes (ms) to receive a byte, which is over when a message is decoded. */
const MS_PER_BYTE = 3 / 2 ** 20;
/** Where nothing else was called for so long (ms), nobody needs a pause. */
const QUIET_MS = 1_000;
/** How long (ms) a message waits for its turn. */
const PATIENCE_MS = 5_000;
/** Of those that wait: how many, which is less than a service may have calls at work, and what they may hold. */
const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export interface LargeMessage {
  readonly bytes: number;
  /** Whose turns are counted together. */
  readonly sender: object | undefined;
  /** Is given what is to be called when nobody waits for the message any more. */
  readonly onGone: (listener: () => void) => void;
}

interface Waiting {
  readonly bytes: number;
  readonly sender: object;
  readonly end: (taken: boolean) => void;
}

const NOBODY = {};

/**
 * To decode a large message, and to work on what it holds, keeps every other call waiting, each time for some
 * milliseconds. So messages that make much work take turns with the other calls: one after the other, with a pause after
 * each that is as long as its work calls for. Where there are no other calls, there is no pause either.
 */
export class LargeMessages {
  readonly #now: () => number;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** When anything else was called last. */
  #otherAt = Number.NEGATIVE_INFINITY;
  #decoding = false;
  #pauseEnds = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The number of each sender's last turn. */
  readonly #lastTurns = new WeakMap<object, number>();
  #turns = 0;

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  static isLarge(bytes: number): boolean {
    return bytes >= LARGE_BYTES;
  }

  /** A call that is not to wait for large messages. */
  passed(): void {
    this.#otherAt = this.#now();
  }

  /** Undefined when it can be decoded at once; else resolves with true when it can, and with false when it never can. */
  turn(message: LargeMessage): undefined | Promise<boolean> {
    if (this.#isFree()) {
      this.#take(message);
      return undefined;
    }
    if (this.#makeRoom(message)) return this.#wait(message);
    // A client that calls again at once would keep the event loop at work with receiving alone.
    return new Promise((resolve) => setTimeout(() => resolve(false), REFUSAL_MS));
  }

  #isFree(): boolean {
    if (this.#decoding || this.#waiting.length > 0) return false;
    return this.#pauseMs() === 0;
  }

  #pauseMs(): number {
    const now = this.#now();
    return now - this.#otherAt > QUIET_MS ? 0 : Math.max(0, this.#pauseEnds - now);
  }

  #take({ bytes, sender = NOBODY }: Pick<LargeMessage, "bytes" | "sender">): void {
    const begun = this.#now();
    this.#decoding = true;
    this.#lastTurns.set(sender, ++this.#turns);
    // It is decoded before the event loop comes to this.
    setImmediate(() => {
      const ended = this.#now();
      this.#decoding = false;
      const tookMs = ended - begun + MS_PER_BYTE * bytes;
      this.#pauseEnds = ended + Math.min(MAX_PAUSE_MS, PAUSE * tookMs);
      this.#takeNextInTime();
    });
  }

  #wait({ bytes, sender = NOBODY, onGone }: LargeMessage): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        bytes,
        sender,
        end: (taken) => {
          clearTimeout(patience);
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          this.#waitingBytes -= bytes;
          resolve(taken);
        },
      };
      const giveUp = (): void => {
        if (this.#waiting.includes(waiting)) waiting.end(false);
      };
      this.#waiting.push(waiting);
      this.#waitingBytes += bytes;
      const patience = setTimeout(giveUp, PATIENCE_MS);
      onGone(giveUp);
      this.#takeNextInTime();
    });
  }

  /** Where too much waits, whoever has the most of it gives way to others. */
  #makeRoom({ bytes, sender = NOBODY }: LargeMessage): boolean {
    while (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      const counts = new Map([[sender, 1]]);
      for (const one of this.#waiting) counts.set(one.sender, (counts.get(one.sender) ?? 0) + 1);
      const most = Math.max(...counts.values());
      if (counts.get(sender) === most) return false;
      const newest = this.#waiting.findLast((one) => counts.get(one.sender) === most);
      if (newest === undefined) return false;
      newest.end(false);
    }
    return true;
  }

  #takeNextInTime(): void {
    if (this.#decoding || this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const next = this.#next();
      if (next === undefined || this.#decoding) return;
      this.#take(next);
      next.end(true);
    }, this.#pauseMs());
  }

  /** Of whoever has waited for the most turns of others, so that one sender's many do not keep back another's only one. */
  #next(): Waiting | undefined {
    const lastOf = ({ sender }: Waiting): number => this.#lastTurns.get(sender) ?? 0;
    return this.#waiting.reduce<Waiting | undefined>(
      (first, one) => (first === undefined || lastOf(one) < lastOf(first) ? one : first),
      undefined,
    );
  }
}
