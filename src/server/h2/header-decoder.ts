import { COMPRESSION_ERROR, ConnectionFault, ENHANCE_YOUR_CALM } from "./frames.ts";
import { decodeHuffman } from "./huffman.ts";
import { STATIC_TABLE } from "./static-table.ts";

export interface Field {
  readonly name: string;
  readonly value: string;
  /** As HPACK and HTTP/2 count it. */
  readonly size: number;
  /** There is nothing in a request's field that HTTP/2 forbids, or that needs a closer look. */
  readonly plain: boolean;
}

/**
 * The last field of a name that its peer does not put in the table. A path, a length or a token is mostly the same again,
 * and to decode them took a twentieth of a short call's time.
 */
interface Unkept {
  /** A character for each byte. A piece of Node's pool would keep all of that. */
  readonly coded: string;
  readonly field: Field;
}

/** What the table of fields may hold: what is assumed of a server that says nothing about it. */
const TABLE_BYTES = 4096;
/** What HPACK adds for each. */
const FIELD_OVERHEAD = 32;
/** What one list may have, however small the block that it comes in: more is an attack. */
const MAX_LIST_BYTES = 65_536;

const PSEUDO = /^:(?:method|scheme|path|authority)$/;
const PLAIN_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** They are about a connection of HTTP/1, and have no place here. */
const OF_HTTP1 = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/;
/** Visible characters, and spaces and tabs between them. */
const PLAIN_VALUE = /^(?:[!-~](?:[\t -~]*[!-~])?)?$/;

/** Longer ones are read anew each time. */
const MAX_REMEMBERED_BYTES = 128;

const STATIC: readonly Field[] = STATIC_TABLE.map(([name, value]) => field(name, value));
/** A Huffman code has five bits at least. */
const text = Buffer.alloc(Math.ceil((MAX_LIST_BYTES * 8) / 5));

/** Reads a peer's header blocks (RFC 7541). They depend on each other: each has to be read, in the order of their coming. */
export class HeaderDecoder {
  /** The oldest first. */
  readonly #table: Field[] = [];
  #tableBytes = 0;
  #maxTableBytes = TABLE_BYTES;
  readonly #last: (Unkept | undefined)[] = [];
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** Throws ConnectionFault for a block that is none, after which nothing of the connection can be read. */
  decode(block: Buffer, start: number, end: number): Field[] {
    this.#block = block;
    this.#at = start;
    this.#end = end;
    const fields: Field[] = [];
    let listBytes = 0;
    while (this.#at < end) {
      const first = block[this.#at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        if (fields.length > 0) throw fault("the table's size changes within a list");
        this.#resize(this.#integer(5));
        continue;
      }
      const one = this.#field(first);
      listBytes += one.size;
      if (listBytes > MAX_LIST_BYTES)
        throw new ConnectionFault(ENHANCE_YOUR_CALM, "a header list is too long");
      fields.push(one);
    }
    return fields;
  }

  #field(first: number): Field {
    if ((first & 0x80) !== 0) return this.#known(this.#integer(7));
    const kept = (first & 0x40) !== 0;
    const index = this.#integer(kept ? 6 : 4);
    if (!kept && index > 0 && index <= STATIC.length) return this.#unkept(index);
    const name = index === 0 ? this.#string() : this.#known(index).name;
    const one = field(name, this.#string());
    if (kept) this.#keep(one);
    return one;
  }

  #unkept(index: number): Field {
    const last = this.#last[index];
    if (last !== undefined && this.#isNext(last.coded)) {
      this.#at += last.coded.length;
      return last.field;
    }
    const start = this.#at;
    const one = field(this.#known(index).name, this.#string());
    if (this.#at - start <= MAX_REMEMBERED_BYTES) {
      this.#last[index] = { coded: this.#block.toString("latin1", start, this.#at), field: one };
    }
    return one;
  }

  /** To its end, wherever it differs: it may be a secret, and its peer pass on what others send. */
  #isNext(coded: string): boolean {
    const { length } = coded;
    if (length > this.#end - this.#at) return false;
    let difference = 0;
    for (let n = 0; n < length; n++) difference |= coded.charCodeAt(n) ^ (this.#block[this.#at + n] ?? 0);
    return difference === 0;
  }

  #known(index: number): Field {
    const one =
      index <= STATIC.length ? STATIC[index - 1] : this.#table[this.#table.length - (index - STATIC.length)];
    if (one === undefined) throw fault("there is no such field in the table");
    return one;
  }

  #keep(one: Field): void {
    this.#table.push(one);
    this.#tableBytes += one.size;
    this.#evict();
  }

  #resize(bytes: number): void {
    if (bytes > TABLE_BYTES) throw fault("the table may not be so large");
    this.#maxTableBytes = bytes;
    this.#evict();
  }

  #evict(): void {
    let gone = 0;
    while (this.#tableBytes > this.#maxTableBytes) this.#tableBytes -= this.#table[gone++]?.size ?? 0;
    if (gone > 0) this.#table.splice(0, gone);
  }

  #integer(prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = (this.#block[this.#at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) throw fault("a number is cut off");
      const byte = this.#block[this.#at++] ?? 0;
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw fault("a number is too large");
  }

  #string(): string {
    if (this.#at >= this.#end) throw fault("a string is missing");
    const coded = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw fault("a string is cut off");
    this.#at = end;
    if (!coded) return this.#block.toString("latin1", start, end);
    const decoded = length <= MAX_LIST_BYTES ? decodeHuffman(this.#block, start, end, text) : -1;
    if (decoded < 0) throw fault("a string has no meaning");
    return text.toString("latin1", 0, decoded);
  }
}

function field(name: string, value: string): Field {
  const size = name.length + value.length + FIELD_OVERHEAD;
  const plainName = PSEUDO.test(name) || (PLAIN_NAME.test(name) && !OF_HTTP1.test(name));
  return { name, value, size, plain: plainName && PLAIN_VALUE.test(value) };
}

const fault = (message: string): ConnectionFault => new ConnectionFault(COMPRESSION_ERROR, message);
