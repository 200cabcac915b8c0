import type { Field } from "./header-decoder.ts";
import { STATIC_TABLE } from "./static-table.ts";

/** The first place of each name. */
const NAMES = new Map(STATIC_TABLE.map(([name], at) => [name, at + 1] as const).reverse());
const STATUSES = new Map(
  STATIC_TABLE.flatMap(([name, value], at) => (name === ":status" ? [[Number(value), at + 1] as const] : [])),
);
const TABLE_OF_NO_BYTES = 0x20;
/** A name that is not in the table and its length take so much, and a length that is no more than 2 MiB so much. */
const MOST_PER_STRING = 4;

/**
 * Writes header blocks that leave the reader's table as it is (literals that are not kept, RFC 7541, 6.2.2), so that two
 * writers may share one connection.
 */
export class HeaderEncoder {
  #bytes = Buffer.allocUnsafeSlow(1024);
  #length = 0;

  /** What was written since the last time; it lasts until the next field is written. */
  take(): Buffer {
    const block = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return block;
  }

  /** Begins a list. @param confirms whether it says that the reader's table has no room, which nobody uses */
  begin(confirms: boolean): void {
    this.#length = 0;
    if (confirms) this.#bytes[this.#length++] = TABLE_OF_NO_BYTES;
  }

  status(status: number): void {
    const index = STATUSES.get(status);
    if (index === undefined) this.field(":status", String(status));
    else {
      this.#reserve(1);
      this.#bytes[this.#length++] = 0x80 | index;
    }
  }

  /** Characters above U+00FF have no place in a header, and lose what makes them so. */
  field(name: string, value: string): void {
    this.#reserve(name.length + value.length + 2 * MOST_PER_STRING);
    const index = NAMES.get(name);
    if (index === undefined) {
      this.#bytes[this.#length++] = 0;
      this.#string(name);
    } else this.#integer(index, 0x0f);
    this.#string(value);
  }

  /** Of a list as it was read. */
  all(fields: readonly Field[]): Buffer {
    for (const { name, value } of fields) this.field(name, value);
    return this.take();
  }

  #string(text: string): void {
    this.#integer(text.length, 0x7f);
    this.#length += this.#bytes.write(text, this.#length, "latin1");
  }

  #integer(value: number, most: number): void {
    if (value < most) {
      this.#bytes[this.#length++] = value;
      return;
    }
    this.#bytes[this.#length++] = most;
    let rest = value - most;
    for (; rest >= 0x80; rest >>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#bytes.length - this.#length >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
