import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { MAX_UNSENT_BYTES } from "./outbox.ts";

/** Holds a connection up whose peer, or Node's session, does not take what there is for it. */
export class Stall {
  readonly #socket: Socket;
  readonly #pipe: Duplex;
  readonly #maxMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxMs after which the connection is given up */
  constructor(socket: Socket, pipe: Duplex, maxMs: number) {
    this.#socket = socket;
    this.#pipe = pipe;
    this.#maxMs = maxMs;
    socket.on("drain", () => this.#drained());
    pipe.on("drain", () => this.#drained());
  }

  /** Neither side is read until both have taken what waits for them. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#socket.pause();
    this.#pipe.pause();
    this.#giveUpAfter(this.#maxMs);
  }

  /** Node's session takes too little: what comes for it waits in the peer's system. */
  beginIfPipeIsFull(): void {
    if (this.#pipe.writableLength > MAX_UNSENT_BYTES) this.begin();
  }

  /** Nothing is read any more, and what is left to be sent has so long. */
  last(ms: number): void {
    if (this.#timer === undefined) this.#giveUpAfter(ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #giveUpAfter(ms: number): void {
    this.#timer = setTimeout(() => this.#socket.destroy(), ms);
  }

  #drained(): void {
    if (this.#timer === undefined || this.#socket.writableNeedDrain) return;
    // Before it is heard, Node's session does not read on, either.
    this.#pipe.resume();
    if (this.#pipe.writableLength > MAX_UNSENT_BYTES) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#socket.resume();
  }
}
