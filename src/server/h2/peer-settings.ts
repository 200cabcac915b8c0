import {
  ANY_PAYLOAD,
  ConnectionFault,
  FIRST_WINDOW,
  FLOW_CONTROL_ERROR,
  type Frame,
  HEADER_TABLE_SIZE,
  INITIAL_WINDOW_SIZE,
  MAX_FRAME_SIZE,
  MAX_PAYLOAD,
  MAX_WINDOW,
} from "./frames.ts";

const PAIR_BYTES = 6;
/** What a table of header fields has where nobody says another size. */
const FIRST_TABLE_BYTES = 4096;

/**
 * Settings are plain when a session of Node's that hears of them later, and merged, makes the same of them. The last that
 * RFC 9113 names may be; what was named since is left to Node's session, and what was not means nothing.
 */
const LAST_PLAIN = 6;
const LAST_NAMED = 9;
const ENABLE_PUSH = 2;

/** What the peer has set, as far as calls have to know. */
export class PeerSettings {
  /** What it lets each new stream send. */
  window = FIRST_WINDOW;
  /** Whether it has ever made its table for header fields smaller, which header blocks have to confirm. */
  smallTable = false;
  /** Windows that have not been confirmed, and are not in force before. */
  readonly #asked: (number | undefined)[] = [];
  /** For a session of Node's that begins later. */
  #plain: Map<number, number> | undefined;

  /** Throws ConnectionFault for what cannot be. Returns whether the settings say nothing that Node's session must see. */
  ask({ bytes, start, end }: Frame): boolean {
    let window: number | undefined;
    let plain = (end - start) % PAIR_BYTES === 0;
    for (let at = start; at + PAIR_BYTES <= end; at += PAIR_BYTES) {
      const name = bytes.readUInt16BE(at);
      const value = bytes.readUInt32BE(at + 2);
      if (name === INITIAL_WINDOW_SIZE) window = value;
      else if (name === HEADER_TABLE_SIZE && value < FIRST_TABLE_BYTES) this.smallTable = true;
      plain &&= isPlain(name, value);
    }
    if (window !== undefined && window > MAX_WINDOW) {
      throw new ConnectionFault(FLOW_CONTROL_ERROR, "a window is too wide");
    }
    this.#asked.push(window);
    if (plain) this.#keep(bytes, start, end);
    return plain;
  }

  /** The payload of settings that says all that plain ones have said. Undefined: there were none. */
  get plain(): Buffer | undefined {
    if (this.#plain === undefined) return undefined;
    const payload = Buffer.allocUnsafe(PAIR_BYTES * this.#plain.size);
    let at = 0;
    for (const [name, value] of this.#plain)
      at = payload.writeUInt32BE(value, payload.writeUInt16BE(name, at));
    return payload;
  }

  /** The oldest that were asked for are in force. Returns by how much each stream's window has changed. */
  confirm(): number {
    const window = this.#asked.shift() ?? this.window;
    const by = window - this.window;
    this.window = window;
    return by;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    this.#plain ??= new Map();
    for (let at = start; at < end; at += PAIR_BYTES) {
      const name = bytes.readUInt16BE(at);
      if (name <= LAST_PLAIN) this.#plain.set(name, bytes.readUInt32BE(at + 2));
    }
  }
}

function isPlain(name: number, value: number): boolean {
  if (name === HEADER_TABLE_SIZE) return value >= FIRST_TABLE_BYTES;
  if (name === ENABLE_PUSH) return value <= 1;
  if (name === MAX_FRAME_SIZE) return value >= MAX_PAYLOAD && value <= ANY_PAYLOAD;
  return name <= LAST_PLAIN || name > LAST_NAMED;
}
