import { create, createFileRegistry, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
  type ServerReflectionResponse,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { start, transports } from "./support.ts";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

const versions = { v1: ServerReflection, v1alpha: ServerReflectionAlpha };

/** Asks on one stream; v1alpha has the same messages under another package. */
async function ask(
  questions: Question[],
  version: keyof typeof versions = "v1",
  protocol: "gRPC" | "Connect binary on HTTP/2" = "gRPC",
): Promise<ServerReflectionResponse["messageResponse"][]> {
  const { url } = await start();
  const client = createClient(versions[version] as typeof ServerReflection, transports[protocol](url));
  async function* requests() {
    for (const messageRequest of questions) yield { messageRequest };
  }
  const answers: ServerReflectionResponse["messageResponse"][] = [];
  for await (const { messageResponse } of client.serverReflectionInfo(requests()))
    answers.push(messageResponse);
  return answers;
}

/** The names of the files in an answer. */
function filesOf(answer: ServerReflectionResponse["messageResponse"] | undefined): string[] {
  if (answer?.case !== "fileDescriptorResponse") throw new Error(`no files in ${answer?.case}`);
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

const testFiles = ["google/protobuf/wrappers.proto", "test/v1/test.proto"];

describe.each(["v1", "v1alpha"] as const)("grpc.reflection.%s", (version) => {
  it.each(["gRPC", "Connect binary on HTTP/2"] as const)("lists every service over %s", async (protocol) => {
    const [answer] = await ask([{ case: "listServices", value: "" }], version, protocol);
    expect(answer).toMatchObject({
      case: "listServicesResponse",
      value: {
        service: [
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "test.v1.TestService" },
        ],
      },
    });
  });

  it("answers with files that stand by themselves", async () => {
    const [answer] = await ask([{ case: "fileContainingSymbol", value: "test.v1.TestService" }], version);
    if (answer?.case !== "fileDescriptorResponse") throw new Error("no files");
    const file = answer.value.fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
    expect(registry.getService("test.v1.TestService")?.methods.map((method) => method.name)).toEqual([
      "Read",
      "Write",
      "Poll",
      "Count",
      "Chat",
    ]);
  });
});

describe("a symbol is found by each of its names", () => {
  it.each([
    "test.v1.TestService",
    ".test.v1.TestService",
    "test.v1.TestService.Read",
    "test.v1.Extensible",
    "test.v1.Extensible.Colour",
    "test.v1.Extensible.RED",
    "test.v1.shade",
  ])("%s", async (value) => {
    expect(filesOf((await ask([{ case: "fileContainingSymbol", value }]))[0])).toEqual(testFiles);
  });

  it("a field, of an imported message too", async () => {
    const [answer] = await ask([
      { case: "fileContainingSymbol", value: "google.protobuf.StringValue.value" },
    ]);
    expect(filesOf(answer)).toEqual(["google/protobuf/wrappers.proto"]);
  });
});

describe("the other questions", () => {
  it("a file by its name, with its imports first", async () => {
    const [answer] = await ask([{ case: "fileByFilename", value: "test/v1/test.proto" }]);
    expect(filesOf(answer)).toEqual(testFiles);
  });

  it("an extension by its number, and all numbers of a message", async () => {
    const containingType = "test.v1.Extensible";
    const [file, numbers, none] = await ask([
      { case: "fileContainingExtension", value: { containingType, extensionNumber: 150 } },
      { case: "allExtensionNumbersOfType", value: containingType },
      { case: "allExtensionNumbersOfType", value: "google.protobuf.StringValue" },
    ]);
    expect(filesOf(file)).toEqual(testFiles);
    expect(numbers).toMatchObject({ value: { baseTypeName: containingType, extensionNumber: [150] } });
    expect(none).toMatchObject({ case: "allExtensionNumbersResponse", value: { extensionNumber: [] } });
  });

  it("what is unknown is answered as NOT_FOUND, and the stream goes on", async () => {
    const answers = await ask([
      { case: "fileByFilename", value: "no.proto" },
      { case: "fileContainingSymbol", value: "no.Symbol" },
      {
        case: "fileContainingExtension",
        value: { containingType: "test.v1.Extensible", extensionNumber: 1 },
      },
      { case: "allExtensionNumbersOfType", value: "no.Message" },
      { case: "listServices", value: "" },
    ]);
    for (const answer of answers.slice(0, 4)) {
      expect(answer).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
    }
    expect(answers[4]?.case).toBe("listServicesResponse");
  });

  it("a question that asks nothing is INVALID_ARGUMENT", async () => {
    const [answer] = await ask([{ case: undefined }]);
    expect(answer).toMatchObject({ case: "errorResponse", value: { errorCode: 3 } });
  });
});
