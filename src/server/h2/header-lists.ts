import {
  ConnectionFault,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  FRAME_SIZE_ERROR,
  type Frame,
  HAS_PRIORITY,
  PROTOCOL_ERROR,
  unpadded,
} from "./frames.ts";
import { type Field, HeaderDecoder } from "./header-decoder.ts";

const MAX_BLOCK_BYTES = 65_536;
const MAX_BLOCK_FRAMES = 64;
const PRIORITY_BYTES = 5;

/** The beginning of a list whose end has not come. */
interface Block {
  readonly stream: number;
  readonly last: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

/** @param last whether the stream's other side sends nothing after it */
export type TakeList = (stream: number, last: boolean, fields: readonly Field[]) => void;

/** Puts the peer's header lists together. */
export class HeaderLists {
  readonly #take: TakeList;
  readonly #decoder = new HeaderDecoder();
  #block: Block | undefined;

  constructor(take: TakeList) {
    this.#take = take;
  }

  /** The stream of a list that has begun: it has to end before anything else comes. */
  get unfinished(): number | undefined {
    return this.#block?.stream;
  }

  begin(frame: Frame): void {
    const { flags, stream, bytes } = frame;
    if (stream === 0) throw new ConnectionFault(PROTOCOL_ERROR, "a header list without a stream");
    const [contentStart, end] = unpadded(frame);
    const start = (flags & HAS_PRIORITY) === 0 ? contentStart : contentStart + PRIORITY_BYTES;
    if (start > end) throw new ConnectionFault(FRAME_SIZE_ERROR, "a header list is too short");
    const last = (flags & END_STREAM) !== 0;
    if ((flags & END_HEADERS) !== 0) this.#take(stream, last, this.#decoder.decode(bytes, start, end));
    else this.#block = { stream, last, parts: [Buffer.from(bytes.subarray(start, end))], bytes: end - start };
  }

  goOn({ flags, bytes, start, end }: Frame): void {
    const block = this.#block;
    if (block === undefined)
      throw new ConnectionFault(PROTOCOL_ERROR, "there is no header list to go on with");
    block.parts.push(Buffer.from(bytes.subarray(start, end)));
    block.bytes += end - start;
    if (block.bytes > MAX_BLOCK_BYTES || block.parts.length > MAX_BLOCK_FRAMES) {
      throw new ConnectionFault(ENHANCE_YOUR_CALM, "a header list is too long");
    }
    if ((flags & END_HEADERS) === 0) return;
    this.#block = undefined;
    const whole = Buffer.concat(block.parts, block.bytes);
    this.#take(block.stream, block.last, this.#decoder.decode(whole, 0, block.bytes));
  }
}
