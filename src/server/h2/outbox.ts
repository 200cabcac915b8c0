import type { Socket } from "node:net";
import type { Flushed, Turn } from "../unary-lane/turn.ts";
import { ConnectionFault, FIRST_WINDOW, FLOW_CONTROL_ERROR, MAX_WINDOW } from "./frames.ts";

/** More than this does not wait for the end of the turn. */
const FLUSH_BYTES = 65_536;

/** A peer that takes less than it asks for makes others wait. */
export const MAX_UNSENT_BYTES = 2 ** 20;

/** What has data that a window holds back. */
export interface Sender {
  /** Sends one frame at most. Returns whether it would send more. */
  sendSome(): boolean;
}

/** What leaves on one connection: gathered in a turn of the event loop, within the window that the peer gives. */
export class Outbox implements Flushed {
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #full: () => void;
  #frames: Buffer[] = [];
  #bytes = 0;
  #window = FIRST_WINDOW;
  /** Each gets its turn. */
  readonly #senders = new Set<Sender>();

  /** @param full is told whenever the peer has left too much untaken */
  constructor(socket: Socket, turn: Turn, full: () => void) {
    this.#socket = socket;
    this.#turn = turn;
    this.#full = full;
  }

  /** Bytes of data that may leave now: those who wait for more come first. */
  get room(): number {
    return this.#senders.size > 0 ? 0 : this.#window;
  }

  /** What the window leaves for the sender whose turn it is. */
  get window(): number {
    return this.#window;
  }

  /** Frames without data, or with as much as was told to `sent`. */
  push(frames: Buffer): void {
    if (this.#frames.length === 0) this.#turn.atEnd(this);
    this.#frames.push(frames);
    this.#bytes += frames.length;
    if (this.#bytes > FLUSH_BYTES) this.flush();
  }

  sent(dataBytes: number): void {
    this.#window -= dataBytes;
  }

  /** Asks it to send as soon as the window lets it. */
  wait(sender: Sender): void {
    this.#senders.add(sender);
    this.#resume();
  }

  /** It has nothing to send any more. */
  leave(sender: Sender): void {
    this.#senders.delete(sender);
  }

  widen(bytes: number): void {
    this.#window += bytes;
    if (this.#window > MAX_WINDOW) throw new ConnectionFault(FLOW_CONTROL_ERROR, "the window is too wide");
    this.#resume();
  }

  flush(): void {
    const frames = this.#frames;
    const [first] = frames;
    if (first === undefined) return;
    this.#frames = [];
    const bytes = this.#bytes;
    this.#bytes = 0;
    if (!this.#socket.writable) return;
    this.#socket.write(frames.length === 1 ? first : Buffer.concat(frames, bytes));
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.#full();
  }

  #resume(): void {
    while (this.#window > 0) {
      const [sender] = this.#senders;
      if (sender === undefined) return;
      this.#senders.delete(sender);
      if (sender.sendSome()) this.#senders.add(sender);
    }
  }
}
