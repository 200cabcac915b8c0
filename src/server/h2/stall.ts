import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { MAX_UNSENT_BYTES } from "./outbox.ts";

/** Holds a connection up whose peer, or Node's session, does not take what there is for it. */
export class Stall {
  readonly #socket: Socket;
  readonly #maxMs: number;
  #pipe: Duplex | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxMs after which the connection is given up */
  constructor(socket: Socket, maxMs: number) {
    this.#socket = socket;
    this.#maxMs = maxMs;
    socket.on("drain", () => this.#drained());
  }

  /** @param pipe to Node's session, from now on */
  watch(pipe: Duplex): void {
    this.#pipe = pipe;
    pipe.on("drain", () => this.#drained());
    if (this.#timer !== undefined) pipe.pause();
  }

  /** Neither side is read until both have taken what waits for them. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#socket.pause();
    this.#pipe?.pause();
    this.#giveUpAfter(this.#maxMs);
  }

  /** Node's session takes too little: what comes for it waits in the peer's system. */
  beginIfPipeIsFull(): void {
    if (this.#pipeIsFull) this.begin();
  }

  /** Nothing is read any more, and what is left to be sent has so long. */
  last(ms: number): void {
    if (this.#timer === undefined) this.#giveUpAfter(ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  get #pipeIsFull(): boolean {
    return this.#pipe !== undefined && this.#pipe.writableLength > MAX_UNSENT_BYTES;
  }

  #giveUpAfter(ms: number): void {
    this.#timer = setTimeout(() => this.#socket.destroy(), ms);
  }

  #drained(): void {
    const { writableNeedDrain, writableEnded } = this.#socket;
    if (this.#timer === undefined || writableNeedDrain || writableEnded) return;
    // Before it is heard, Node's session does not read on, either.
    this.#pipe?.resume();
    if (this.#pipeIsFull) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#socket.resume();
  }
}
