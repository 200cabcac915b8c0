import { HeaderEncoder } from "./header-encoder.ts";

export type Fields = Readonly<Record<string, string | readonly string[]>>;

/**
 * Header blocks, of which the last one is kept: mostly an answer has the very fields of the one before, and to encode them
 * again took longer than to encode a short message.
 */
export class HeaderBlocks {
  readonly #encoder = new HeaderEncoder();
  #block: Buffer | undefined;
  #fields: Fields | undefined;
  #confirms = false;
  #status: number | undefined;
  #date: string | undefined;

  /**
   * The block, which lasts until the next one. An answer has a status, and is given its date; trailers have neither.
   * @param fields never to be changed
   * @param confirms as the encoder has it
   */
  of(fields: Fields, confirms: boolean, status?: number): Buffer {
    const date = status === undefined ? undefined : httpDate();
    if (
      this.#block === undefined ||
      fields !== this.#fields ||
      confirms !== this.#confirms ||
      status !== this.#status ||
      date !== this.#date
    ) {
      // Nothing is kept if it cannot be encoded.
      this.#block = undefined;
      this.#fields = fields;
      this.#confirms = confirms;
      this.#status = status;
      this.#date = date;
      this.#block = this.#encode(fields, confirms, status, date);
    }
    return this.#block;
  }

  #encode(fields: Fields, confirms: boolean, status: number | undefined, date: string | undefined): Buffer {
    const encoder = this.#encoder;
    encoder.begin(confirms);
    if (status !== undefined) encoder.status(status);
    for (const name in fields) {
      const value = fields[name];
      if (typeof value === "string") encoder.field(name, value);
      else for (const each of value ?? []) encoder.field(name, each);
    }
    if (date !== undefined) encoder.field("date", date);
    return encoder.take();
  }
}

let date = "";
let dateEnds = 0;

function httpDate(): string {
  const now = Date.now();
  if (now >= dateEnds) {
    date = new Date(now).toUTCString();
    dateEnds = (Math.floor(now / 1000) + 1) * 1000;
  }
  return date;
}
