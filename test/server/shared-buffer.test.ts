import { create, fromBinary, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { GetTaskResponseSchema } from "../../gen/dbconn/v1/task_pb.ts";
import { inSharedBuffer } from "../../src/server/unary-lane/shared-buffer.ts";

function answer(message: string, data: JsonObject = {}) {
  return create(GetTaskResponseSchema, { task: { kind: "k", taskId: "t", message, data, revision: 3n } });
}

const encode = (text: string) => inSharedBuffer(() => toBinary(GetTaskResponseSchema, answer(text)));

describe("messages that are encoded in shared memory", () => {
  it("are the same bytes, short or long", () => {
    for (const length of [0, 1, 100, 1_000, 65_000, 65_536, 200_000]) {
      const text = "é".repeat(length);
      const data = { a: [1, null, { b: text }] };
      const encoded = inSharedBuffer(() => toBinary(GetTaskResponseSchema, answer(text, data)));
      const own = toBinary(GetTaskResponseSchema, answer(text, data));
      expect(Buffer.compare(encoded, own)).toBe(0);
      expect(fromBinary(GetTaskResponseSchema, encoded).task?.message).toBe(text);
    }
  });

  it("share it, or the library has changed what it keeps to itself", () => {
    const [first, second] = [encode("a"), encode("b")];
    expect(first.buffer).toBe(second.buffer);
    expect(first.buffer.byteLength).toBeGreaterThanOrEqual(64 * 1024);
  });

  it("leave those alone that are encoded elsewhere, even meanwhile", () => {
    const own = toBinary(GetTaskResponseSchema, answer("own"));
    const kept = own.slice();
    let inner = new Uint8Array();
    const outer = inSharedBuffer(() => {
      const writer = new BinaryWriter();
      writer.string("outer");
      inner = toBinary(GetTaskResponseSchema, answer("inner"));
      return writer.string("end").finish();
    });
    expect(Buffer.from(outer).toString("latin1")).toBe("\x05outer\x03end");
    expect(fromBinary(GetTaskResponseSchema, inner).task?.message).toBe("inner");
    encode("x".repeat(1_000));
    expect(own).toEqual(kept);
  });

  it("fail as they would elsewhere, and the next one is right", () => {
    const bad = { ...answer("bad"), task: { ...answer("bad").task, revision: "no number" } };
    const encodeBad = () => toBinary(GetTaskResponseSchema, bad as never);
    expect(() => inSharedBuffer(encodeBad)).toThrow();
    expect(fromBinary(GetTaskResponseSchema, encode("good")).task?.message).toBe("good");
  });
});
