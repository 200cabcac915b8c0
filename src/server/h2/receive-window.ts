import { ConnectionFault, FIRST_WINDOW, FLOW_CONTROL_ERROR, numbersFrame, WINDOW_UPDATE } from "./frames.ts";
import type { Outbox } from "./outbox.ts";

/** What was taken is told in pieces of so much. Node's session keeps an account of its own of one half of the window. */
const WORTH_TELLING = 8192;

/** What the peer may send on a connection, by all of its streams together. */
export class ReceiveWindow {
  readonly #outbox: Outbox;
  #bytes = FIRST_WINDOW;
  #untold = 0;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Throws ConnectionFault where the peer sends more than it may. */
  received(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes < 0)
      throw new ConnectionFault(FLOW_CONTROL_ERROR, "more data than the window lets through");
  }

  /** So much of it is not kept any more. */
  taken(bytes: number): void {
    this.#untold += bytes;
    if (this.#untold < WORTH_TELLING) return;
    this.#outbox.push(numbersFrame(WINDOW_UPDATE, 0, 0, this.#untold));
    this.#bytes += this.#untold;
    this.#untold = 0;
  }

  /** The peer was told so by somebody else. */
  allowed(bytes: number): void {
    this.#bytes += bytes;
  }
}
