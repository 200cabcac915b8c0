import type { DescService } from "@bufbuild/protobuf";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { observeCalls } from "../rpc/interceptors/observe.ts";
import { createReflectionIndex, type ReflectionIndex, type ReflectionQuery } from "./reflection-index.ts";

/** They describe themselves too. */
const reflectionServices: readonly DescService[] = [ServerReflection, ServerReflectionAlpha];

/** grpc.reflection v1 and v1alpha for the given services. Their messages differ in the package name only. */
export function addReflection(router: ConnectRouter, services: readonly DescService[]): void {
  const index = createReflectionIndex([...services, ...reflectionServices]);
  async function* serverReflectionInfo(
    requests: AsyncIterable<{ host: string; messageRequest: ReflectionQuery }>,
  ) {
    for await (const { host, messageRequest } of requests) {
      yield { validHost: host, messageResponse: answer(index, messageRequest) };
    }
  }
  // A tool that explores the API must not need what the application's other interceptors ask for.
  router.service(ServerReflection, { serverReflectionInfo }, { interceptors: [observeCalls] });
  router.service(ServerReflectionAlpha, { serverReflectionInfo }, { interceptors: [observeCalls] });
}

/** Answers one question. An unknown name is an answer, so that the stream goes on. */
function answer(index: ReflectionIndex, query: ReflectionQuery) {
  switch (query.case) {
    case "listServices":
      return {
        case: "listServicesResponse" as const,
        value: { service: index.serviceNames.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return files(index.file(query.value), `file ${query.value}`);
    case "fileContainingSymbol":
      return files(index.symbol(query.value), `symbol ${query.value}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = query.value;
      const found = index.extension(containingType, extensionNumber);
      return files(found, `extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType": {
      const numbers = index.extensionNumbers(query.value);
      if (numbers === undefined) return failure(Code.NotFound, `unknown message ${query.value}`);
      return {
        case: "allExtensionNumbersResponse" as const,
        value: { baseTypeName: query.value, extensionNumber: numbers },
      };
    }
    default:
      return failure(Code.InvalidArgument, "the request asks nothing");
  }
}

function files(fileDescriptorProto: Uint8Array[] | undefined, what: string) {
  if (fileDescriptorProto === undefined) return failure(Code.NotFound, `unknown ${what}`);
  return { case: "fileDescriptorResponse" as const, value: { fileDescriptorProto } };
}

const failure = (errorCode: Code, errorMessage: string) => ({
  case: "errorResponse" as const,
  value: { errorCode, errorMessage },
});
