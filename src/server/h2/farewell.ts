import { ANY_STREAM, GOAWAY, NO_ERROR, numbersFrame, PING } from "./frames.ts";
import type { Outbox } from "./outbox.ts";

/** How long a peer has to confirm that it saw the first GOAWAY, before the second one is sent anyway. */
export const NOTICE_MS = 1_000;

/**
 * Asks a peer to go: a first GOAWAY as a notice, and a second one with the last stream taken once the peer has seen the
 * first, so that no call that was under way is lost.
 */
export class Farewell {
  readonly #outbox: Outbox;
  readonly #leave: () => void;
  #notice: NodeJS.Timeout | undefined;

  /** @param leave is told when the second is due */
  constructor(outbox: Outbox, leave: () => void) {
    this.#outbox = outbox;
    this.#leave = leave;
  }

  begin(): void {
    if (this.#notice !== undefined) return;
    this.#outbox.push(numbersFrame(GOAWAY, 0, 0, ANY_STREAM, NO_ERROR));
    this.#outbox.push(numbersFrame(PING, 0, 0, 0, 0));
    this.#notice = setTimeout(this.#leave, NOTICE_MS);
  }

  /** The peer has answered a ping, and there is no other. */
  answered(): void {
    if (this.#notice !== undefined) this.#leave();
  }

  end(): void {
    clearTimeout(this.#notice);
  }
}
