import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PublishReleaseRequestSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { holdsMoreValues } from "../../src/server/message-values.ts";
import { value } from "../protocol/values.ts";

type Form = "binary" | "JSON";

/** As many as the message holds: the least limit that is not exceeded. */
function valuesOf(message: Uint8Array, form: Form): number {
  const of = { json: form === "JSON", input: PublishReleaseRequestSchema };
  let limit = 0;
  while (holdsMoreValues(limit, message, of)) limit++;
  return limit;
}

function publishing(document: unknown) {
  const labels = { env: "a,[{", team: '"' };
  return create(PublishReleaseRequestSchema, { name: "n", labels, document: value(document) });
}

const written: Readonly<Record<Form, (document: unknown) => Uint8Array>> = {
  binary: (document) => toBinary(PublishReleaseRequestSchema, publishing(document)),
  JSON: (document) => Buffer.from(toJsonString(PublishReleaseRequestSchema, publishing(document))),
};
/** Name, labels with two entries, and the document. */
const BESIDE = 4;
/** The labels of the binary form are entries alone. */
const FRAME: Readonly<Record<Form, number>> = { binary: BESIDE, JSON: BESIDE + 1 };

function valuesIn(json: unknown): number {
  if (typeof json !== "object" || json === null) return 1;
  return Object.values(json).reduce<number>((sum, child) => sum + valuesIn(child), 1);
}

describe.each<Form>(["binary", "JSON"])("the values of a message in %s", (form) => {
  it("are counted as its JSON has them, whatever it holds", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        expect(valuesOf(written[form](document), form)).toBe(FRAME[form] - 1 + valuesIn(document));
      }),
    );
  });

  it("are counted up to the limit only", () => {
    const message = written[form](Array.from({ length: 1_000 }, () => 1));
    const of = { json: form === "JSON", input: PublishReleaseRequestSchema };
    expect(holdsMoreValues(999, message, of)).toBe(true);
    expect(holdsMoreValues(2_000, message, of)).toBe(false);
  });
});

describe("a binary message cannot hide values", () => {
  const thousand = written.binary(Array.from({ length: 1_000 }, () => true));
  const few = written.binary({ a: [1, "b", null, { c: true }], d: "e".repeat(40), f: [[], {}, [0.5]] });
  /** A text that is, to whoever believes the tag before it, the head of a field of 24,515 bytes: of all the rest. */
  const swallowing = [0x7a, 0xc3, 0xbf, 0x01];

  it.each([
    ["by a tag that calls a text a number", [0x08, swallowing.length, ...swallowing]],
    ["by a group of unknown fields", [0x7b, 0x08, 0x01, 0x7c]],
    ["by a group inside of a group", [0x7b, 0x83, 0x01, 0x0a, 0x01, 0x20, 0x84, 0x01, 0x7c]],
  ])("%s", (_, before) => {
    const message = Uint8Array.from([...before, ...thousand]);
    expect(fromBinary(PublishReleaseRequestSchema, message).document?.kind.case).toBe("listValue");
    expect(valuesOf(message, "binary")).toBeGreaterThan(1_000);
  });

  it("by any wrong byte that the decoder puts up with", () => {
    let read = 0;
    for (let at = 0; at < few.length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const mutant = few.with(at, byte);
        let decoded: ReturnType<typeof publishing>;
        try {
          decoded = fromBinary(PublishReleaseRequestSchema, mutant);
        } catch {
          continue;
        }
        read++;
        expect(valuesOf(mutant, "binary")).toBeGreaterThanOrEqual(messagesIn(decoded.document));
      }
    }
    expect(read).toBeGreaterThan(1_000);
  });

  it("by ending in the middle", () => {
    for (let end = 0; end < few.length; end++) {
      expect(valuesOf(few.subarray(0, end), "binary")).toBeLessThanOrEqual(valuesOf(few, "binary"));
    }
  });
});

/** Values that a decoded Value consists of. */
function messagesIn(message: ReturnType<typeof publishing>["document"]): number {
  if (message === undefined) return 0;
  const { kind } = message;
  const inside =
    kind.case === "listValue"
      ? kind.value.values
      : kind.case === "structValue"
        ? Object.values(kind.value.fields)
        : [];
  return inside.reduce((sum, child) => sum + messagesIn(child as typeof message), 1);
}
