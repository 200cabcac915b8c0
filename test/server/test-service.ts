import { create, createFileRegistry } from "@bufbuild/protobuf";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  file_google_protobuf_wrappers,
  MethodOptions_IdempotencyLevel,
  type StringValueSchema,
} from "@bufbuild/protobuf/wkt";

const text = ".google.protobuf.StringValue";
const noSideEffects = { idempotencyLevel: MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS };

/** A service made for these tests alone, so that the server is shown to know none in particular. */
const file = create(FileDescriptorProtoSchema, {
  name: "test/v1/test.proto",
  package: "test.v1",
  syntax: "proto2",
  dependency: ["google/protobuf/wrappers.proto"],
  messageType: [
    {
      name: "Extensible",
      extensionRange: [{ start: 100, end: 200 }],
      enumType: [{ name: "Colour", value: [{ name: "RED", number: 1 }] }],
    },
  ],
  extension: [
    {
      name: "shade",
      number: 150,
      extendee: ".test.v1.Extensible",
      type: FieldDescriptorProto_Type.INT32,
      label: FieldDescriptorProto_Label.OPTIONAL,
    },
  ],
  service: [
    {
      name: "TestService",
      method: [
        { name: "Read", inputType: text, outputType: text, options: noSideEffects },
        { name: "Write", inputType: text, outputType: text },
        { name: "Poll", inputType: text, outputType: text },
        { name: "Count", inputType: text, outputType: text, serverStreaming: true },
        { name: "Chat", inputType: text, outputType: text, serverStreaming: true, clientStreaming: true },
      ],
    },
  ],
});

type Method<Kind> = { methodKind: Kind; input: typeof StringValueSchema; output: typeof StringValueSchema };

const descriptor = createFileRegistry(file, () => file_google_protobuf_wrappers).getService(
  "test.v1.TestService",
);
if (descriptor === undefined) throw new Error("the test service is not in its own file");

export const TestService = descriptor as GenService<{
  read: Method<"unary">;
  write: Method<"unary">;
  poll: Method<"unary">;
  count: Method<"server_streaming">;
  chat: Method<"bidi_streaming">;
}>;
