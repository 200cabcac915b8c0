/**
 * How many values a message holds, found out before it is decoded: decoding makes objects for all of them, while every
 * other call waits. A value is what JSON would write as one: a field, an element of a list, an entry of a map.
 */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";

/** A value takes as many at the least, so that smaller messages need not be looked at. */
const VALUE_BYTES = 2;
/** The decoder refuses what is nested deeper. */
const MAX_DEPTH = 100;

/** Whether there are more than that. What cannot be decoded is counted as far as the decoder would come. */
export function holdsMoreValues(
  limit: number,
  message: Uint8Array,
  { json, input }: { readonly json: boolean; readonly input: DescMessage },
): boolean {
  if (message.length < VALUE_BYTES * limit) return false;
  return json ? isMoreJson(limit, message) : new Walk(message, limit).exceeds(formOf(input));
}

const [QUOTE, BACKSLASH, COMMA, LIST, OBJECT, LIST_END, OBJECT_END] = Buffer.from('"\\,[{]}');
const SPACE = 0x20;

/** Each value comes first in its list or object, or after a comma. */
function isMoreJson(limit: number, text: Uint8Array): boolean {
  let left = limit;
  let quoted = false;
  let opened = false;
  for (let i = 0; i < text.length && left >= 0; i++) {
    const byte = text[i] ?? SPACE;
    if (quoted) {
      if (byte === BACKSLASH) i++;
      else quoted = byte !== QUOTE;
    } else if (byte > SPACE) {
      if (opened ? byte !== LIST_END && byte !== OBJECT_END : byte === COMMA) left--;
      opened = byte === LIST || byte === OBJECT;
      quoted = byte === QUOTE;
    }
  }
  return left < 0;
}

/** How a message is written. */
interface Form {
  /** Fields that are no values of their own: a Value is one with what it holds, an entry with its key and value. */
  readonly within: number;
  readonly fields: ReadonlyMap<number, FieldForm>;
}

/** The decoder goes by what a field is declared as, whatever the message says of it; so do we. */
interface FieldForm {
  readonly wireType: WireType;
  readonly packable?: boolean;
  readonly form?: Form;
}

const UNKNOWN: Form = { within: 0, fields: new Map() };
const forms = new WeakMap<DescMessage, Form>();

function formOf(desc: DescMessage): Form {
  const known = forms.get(desc);
  if (known !== undefined) return known;
  const fields = new Map<number, FieldForm>();
  const form = { within: desc.typeName === "google.protobuf.Value" ? 1 : 0, fields };
  // Before its fields, for a message may hold itself.
  forms.set(desc, form);
  for (const field of desc.fields) fields.set(field.number, fieldForm(field));
  return form;
}

function fieldForm(field: DescField): FieldForm {
  if (field.fieldKind === "map") {
    const fields = new Map([
      [1, { wireType: wireTypeOf(field.mapKey) }],
      [2, partForm(field)],
    ]);
    return { wireType: WireType.LengthDelimited, form: { within: 2, fields } };
  }
  return { ...partForm(field), packable: field.fieldKind === "list" };
}

/** The field, or what its list or map holds. */
function partForm({ message, scalar }: DescField): FieldForm {
  if (message !== undefined) return { wireType: WireType.LengthDelimited, form: formOf(message) };
  return { wireType: scalar === undefined ? WireType.Varint : wireTypeOf(scalar) };
}

function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

/** Over the binary form; makes no objects. */
class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;
  #left: number;

  constructor(bytes: Uint8Array, limit: number) {
    this.#bytes = bytes;
    this.#left = limit;
  }

  exceeds(form: Form): boolean {
    this.#read(form, this.#bytes.length, MAX_DEPTH);
    return this.#left < 0;
  }

  #read({ within, fields }: Form, end: number, depthLeft: number): void {
    let free = within;
    while (this.#at < end && this.#left >= 0) {
      const tag = this.#varint();
      const field = fields.get(tag >>> 3);
      const tagged = tag & 7;
      const asTagged = field === undefined || (field.packable && tagged === WireType.LengthDelimited);
      const wireType = asTagged ? tagged : field.wireType;
      if (wireType === WireType.EndGroup) return;
      if (free > 0) free--;
      else this.#left--;
      this.#skip(wireType, field?.form, depthLeft);
    }
  }

  #skip(wireType: number, form: Form | undefined, depthLeft: number): void {
    switch (wireType) {
      case WireType.Varint:
        this.#varint();
        break;
      case WireType.Bit64:
        this.#at += 8;
        break;
      case WireType.Bit32:
        this.#at += 4;
        break;
      case WireType.LengthDelimited: {
        const end = this.#varint() + this.#at;
        if (form !== undefined && depthLeft > 0)
          this.#read(form, Math.min(end, this.#bytes.length), depthLeft - 1);
        else this.#at = end;
        break;
      }
      case WireType.StartGroup:
        if (depthLeft > 0) this.#read(UNKNOWN, this.#bytes.length, depthLeft - 1);
        break;
      default:
        // No more can be read.
        this.#at = this.#bytes.length;
    }
  }

  /** The lower 32 bits. */
  #varint(): number {
    let value = 0;
    for (let shift = 0; this.#at < this.#bytes.length; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }
}
