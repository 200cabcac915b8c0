// The unary methods as OpenAPI 3.1: what curl and other HTTP clients send and get over the Connect protocol.
import type { DescEnum, DescFile, DescMessage, DescMethod } from "@bufbuild/protobuf";
import { commentOf } from "./comments.ts";
import { enumSchema, isWellKnown, type JsonSchema, messageSchema, reference } from "./json-types.ts";

const ERROR: JsonSchema = {
  type: "object",
  required: ["code"],
  properties: {
    code: { type: "string", description: "Such as not_found or invalid_argument.", examples: ["not_found"] },
    message: { type: "string" },
    details: {
      type: "array",
      description:
        "google.rpc.ErrorInfo (reason; metadata.applied says whether a change was made), BadRequest and RetryInfo.",
      items: {
        type: "object",
        properties: {
          type: { type: "string" },
          value: { type: "string", contentEncoding: "base64" },
          debug: {},
        },
      },
    },
  },
};

export function openApi(files: readonly DescFile[], version: string): JsonSchema {
  const services = files.flatMap((file) => file.services);
  const unary = services.flatMap(({ methods }) => methods.filter(({ methodKind }) => methodKind === "unary"));
  return {
    openapi: "3.1.0",
    info: {
      title: "Database Connections Service",
      version,
      description:
        "The JSON surface: every unary method is a POST of a JSON object, by the Connect protocol. Fields are taken as " +
        "taskId and as task_id, and answered as taskId. Streams (WatchTasks, WatchStatus) need a client of Connect, gRPC " +
        "or gRPC-Web.",
    },
    tags: services.map((service) => ({ name: service.name, description: commentOf(service) })),
    security: [{}, { bearer: [] }],
    paths: Object.fromEntries(unary.map((method) => [pathOf(method), { post: operation(method) }])),
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: { ...schemasOf(files), "connect.error": ERROR },
    },
  };
}

const pathOf = ({ parent, name }: DescMethod): string => `/${parent.typeName}/${name}`;

function operation(method: DescMethod): JsonSchema {
  const json = (schema: JsonSchema) => ({ "application/json": { schema } });
  return {
    operationId: `${method.parent.name}_${method.name}`,
    tags: [method.parent.name],
    description: commentOf(method),
    parameters: [
      {
        name: "Connect-Timeout-Ms",
        in: "header",
        description: "How long the client waits.",
        schema: { type: "integer", minimum: 1 },
      },
    ],
    requestBody: { required: true, content: json(reference(method.input)) },
    responses: {
      200: { description: "The answer.", content: json(reference(method.output)) },
      default: { description: "An error.", content: json({ $ref: "#/components/schemas/connect.error" }) },
    },
  };
}

function schemasOf(files: readonly DescFile[]): JsonSchema {
  const messages = files
    .flatMap((file) => file.messages.flatMap(withNested))
    .filter((one) => !isWellKnown(one));
  const enums: readonly DescEnum[] = files.flatMap((file) => file.enums);
  return Object.fromEntries([
    ...messages.map((message) => [message.typeName, messageSchema(message)]),
    ...enums.map((desc) => [desc.typeName, enumSchema(desc)]),
  ]);
}

function withNested(message: DescMessage): readonly DescMessage[] {
  // The entries of a map are messages of the compiler's own making.
  const isEntry = message.proto.options?.mapEntry === true;
  return isEntry ? [] : [message, ...message.nestedMessages.flatMap(withNested)];
}
