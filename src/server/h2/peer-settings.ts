import {
  ConnectionFault,
  FIRST_WINDOW,
  FLOW_CONTROL_ERROR,
  type Frame,
  HEADER_TABLE_SIZE,
  INITIAL_WINDOW_SIZE,
  MAX_WINDOW,
} from "./frames.ts";

const PAIR_BYTES = 6;
/** What a table of header fields has where nobody says another size. */
const FIRST_TABLE_BYTES = 4096;

/** What the peer has set, as far as calls have to know. */
export class PeerSettings {
  /** What it lets each new stream send. */
  window = FIRST_WINDOW;
  /**
   * Whether it takes header blocks that say nothing of a table. Where it has made its own smaller, the next block has to
   * confirm that, and only Node's session knows when it has done so.
   */
  takesPlainBlocks = true;
  /** Windows that have not been confirmed, and are not in force before. */
  readonly #asked: (number | undefined)[] = [];

  /** Throws ConnectionFault for what cannot be. */
  ask({ bytes, start, end }: Frame): void {
    let window: number | undefined;
    for (let at = start; at + PAIR_BYTES <= end; at += PAIR_BYTES) {
      const name = bytes.readUInt16BE(at);
      const value = bytes.readUInt32BE(at + 2);
      if (name === INITIAL_WINDOW_SIZE) window = value;
      else if (name === HEADER_TABLE_SIZE && value < FIRST_TABLE_BYTES) this.takesPlainBlocks = false;
    }
    if (window !== undefined && window > MAX_WINDOW) {
      throw new ConnectionFault(FLOW_CONTROL_ERROR, "a window is too wide");
    }
    this.#asked.push(window);
  }

  /** The oldest that were asked for are in force. Returns by how much each stream's window has changed. */
  confirm(): number {
    const window = this.#asked.shift() ?? this.window;
    const by = window - this.window;
    this.window = window;
    return by;
  }
}
