// The API reference for people: services, methods, messages and enums, with what their comments say.
import {
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
  ScalarType,
} from "@bufbuild/protobuf";
import { commentOf } from "./comments.ts";

export function referencePage(files: readonly DescFile[]): string {
  const services = files.flatMap((file) => file.services);
  const messages = files.flatMap((file) => file.messages);
  const enums = files.flatMap((file) => file.enums);
  return [
    "# API reference",
    "Made from the comments in [proto/dbconn/v1](../proto/dbconn/v1) by `npm run generate`. The JSON surface as OpenAPI is in [openapi.json](openapi.json), and served at `/openapi.json`.",
    ...services.flatMap(serviceLines),
    "## Messages",
    ...messages.flatMap((message) => messageLines(message, message.name)),
    "## Enums",
    ...enums.flatMap(enumLines),
    "",
  ].join("\n\n");
}

function serviceLines(service: DescService): readonly string[] {
  return [`## ${service.name}`, commentOf(service), ...service.methods.flatMap(methodLines)];
}

function methodLines(method: DescMethod): readonly string[] {
  const answer = method.methodKind === "server_streaming" ? "a stream of " : "";
  return [
    `### ${method.parent.name}.${method.name}`,
    `${link(method.input.name)} → ${answer}${link(method.output.name)}`,
    commentOf(method),
  ];
}

function messageLines(message: DescMessage, name: string): readonly string[] {
  if (message.proto.options?.mapEntry === true) return [];
  const rows = message.fields.map(
    (field) => `| \`${field.name}\` | ${typeOf(field)} | ${cell(commentOf(field))} |`,
  );
  const table = ["| field | type | |", "|---|---|---|", ...rows].join("\n");
  return [
    `### ${name}`,
    commentOf(message),
    rows.length === 0 ? "No fields." : table,
    ...message.nestedMessages.flatMap((nested) => messageLines(nested, `${name}.${nested.name}`)),
  ].filter((line) => line !== "");
}

function enumLines(desc: DescEnum): readonly string[] {
  const rows = desc.values.map(
    (value) => `| \`${value.name}\` | ${value.number} | ${cell(commentOf(value))} |`,
  );
  return [
    `### ${desc.name}`,
    commentOf(desc),
    ["| value | number | |", "|---|---|---|", ...rows].join("\n"),
  ].filter((line) => line !== "");
}

function typeOf(field: DescField): string {
  const optional = field.presence === 1 && field.fieldKind === "scalar" && field.proto.proto3Optional;
  switch (field.fieldKind) {
    case "scalar":
      return `${optional ? "optional " : ""}${scalarName(field.scalar)}${oneof(field)}`;
    case "enum":
      return link(field.enum.name);
    case "message":
      return `${named(field.message)}${oneof(field)}`;
    case "list":
      return `list of ${field.listKind === "scalar" ? scalarName(field.scalar) : named(field.listKind === "enum" ? field.enum : field.message)}`;
    case "map":
      return `map of ${scalarName(field.mapKey)} to ${field.mapKind === "scalar" ? scalarName(field.scalar) : "messages"}`;
  }
}

const oneof = ({ oneof }: DescField): string => (oneof === undefined ? "" : ` (one of \`${oneof.name}\`)`);

const scalarName = (type: ScalarType): string => (ScalarType[type] ?? "").toLowerCase();

/** Types of the contract are on this page, those of Google elsewhere. */
function named(desc: DescMessage | DescEnum): string {
  if (desc.typeName.startsWith("google.")) return `\`${desc.typeName}\``;
  const name = desc.typeName.replace("dbconn.v1.", "");
  return `[${name}](#${name.toLowerCase().replaceAll(".", "")})`;
}

const link = (name: string): string => `[${name}](#${name.toLowerCase()})`;

const cell = (text: string): string => text.replaceAll("|", "\\|");
