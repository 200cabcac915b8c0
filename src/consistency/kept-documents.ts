/**
 * Documents that the hot store's texts were parsed to. Each read asks the hot store all the same; only where its text is
 * the one of last time, the object is that of last time too, and so may be whatever was made of it.
 */
import type { Document } from "../ports/durable-store.ts";
import type { Hit } from "../ports/hot-store.ts";
import { Recent } from "./recent.ts";

/** Longer texts are parsed each time: a few of them would take the room of thousands. */
const LONGEST_CHARS = 16 * 1024;
const ROOM_CHARS = 1024 * 1024;
/** About what keeping costs beside the text, in characters. */
const EACH_CHARS = 128;
/** Half of that room, so that whatever comes again in time to be kept is not pushed out before it comes once more. */
const SEEN_CHARS = ROOM_CHARS / 2;
const SEEN = 4 * 1024;

/** `kept`: the same text of the same key is answered with the same object for a while. */
export interface Parsed {
  readonly document: Document;
  readonly kept: boolean;
}

interface Kept extends Parsed {
  readonly text: string;
}

export class KeptDocuments {
  readonly #kept = new Recent<Kept>(ROOM_CHARS, ({ text }) => text.length + EACH_CHARS);
  /**
   * Marks of what was read lately, each in the place that it is due: a mistake only keeps something early. What is read
   * once is not kept, since all that is kept is moved about in memory.
   */
  readonly #seen = new Int32Array(SEEN);
  #seenChars = 0;

  parse(key: string, { value: text, revision }: Hit): Parsed {
    const known = this.#kept.get(key);
    if (known?.text === text) return known;
    const document = JSON.parse(text) as Document;
    if (text.length > LONGEST_CHARS || !this.#comesAgain(key, text, revision))
      return { document, kept: false };
    const kept = { text, document, kept: true };
    this.#kept.set(key, kept);
    return kept;
  }

  #comesAgain(key: string, { length }: string, revision: number): boolean {
    const mark = markOf(key, revision);
    const place = mark & (SEEN - 1);
    if (this.#seen[place] === mark) return true;
    this.#seenChars += length + EACH_CHARS;
    if (this.#seenChars > SEEN_CHARS) {
      this.#seen.fill(0);
      this.#seenChars = 0;
    }
    this.#seen[place] = mark;
    return false;
  }
}

function markOf(key: string, revision: number): number {
  let mark = revision | 0;
  for (let at = 0; at < key.length; at++) mark = Math.imul(mark ^ key.charCodeAt(at), 0x01000193);
  return mark ^ (mark >>> 15);
}
