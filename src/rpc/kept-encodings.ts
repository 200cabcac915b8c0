/** Parts of answers that are answered again and again, encoded once. */
import { type DescMessage, type Message, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { MethodSerializationLookup, Serialization } from "@connectrpc/connect/protocol";

/** As the value of a field: its length stands before it. */
const encodings = new WeakMap<object, Uint8Array>();

/** The message must not change any more. */
export function keepEncoding<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): void {
  encodings.set(message, new BinaryWriter().bytes(toBinary(schema, message)).finish());
}

type Lookup = MethodSerializationLookup<DescMessage, DescMessage>;

/** The same lookup, but for answers of which a field's message has a kept encoding: that is copied. */
export function withKeptEncodings(output: DescMessage, lookup: Lookup): Lookup {
  const parts = output.fields.filter(
    ({ fieldKind, oneof }) => fieldKind === "message" && oneof === undefined,
  );
  if (parts.length === 0) return lookup;
  const encoded = (message: Message): Message => {
    for (const { localName, number: no } of parts) {
      const part: unknown = message[localName as keyof Message];
      const data = typeof part === "object" && part !== null ? encodings.get(part) : undefined;
      if (data === undefined) continue;
      // The library copies what a message has under numbers that its schema does not know.
      const unknown = { no, wireType: WireType.LengthDelimited, data };
      const rest: Message & Record<string, unknown> = { ...message };
      rest[localName] = undefined;
      rest.$unknown = message.$unknown === undefined ? [unknown] : [...message.$unknown, unknown];
      return rest;
    }
    return message;
  };
  const own = lookup.getO(true);
  const binary: Serialization<Message> = {
    parse: own.parse,
    serialize: (message) => own.serialize(encoded(message)),
  };
  return { getI: lookup.getI, getO: (useBinary) => (useBinary ? binary : lookup.getO(false)) };
}
