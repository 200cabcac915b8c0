// Requests with one text after another in every place of a message that takes text.
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/** Plain JSON of a message's fields, as the generated code takes it. */
export type Init = Record<string, unknown>;

/** What makes a request reach the stores, where nothing else is said. */
const USUAL: Readonly<Record<string, unknown>> = {
  kind: "k",
  taskId: "t",
  namespace: "n",
  key: "x",
  name: "s",
  task: "k",
  importName: "g",
  field: "message",
  keys: ["x"],
  names: [{ kind: "k", taskId: "t" }],
};

/** A request for each text field of the message, nested ones too, that holds `text` there and the usual elsewhere. */
export function requestsWith(
  desc: DescMessage,
  text: string,
): readonly { readonly at: string; readonly init: Init }[] {
  const usual: Init = {};
  for (const { localName } of desc.fields) if (localName in USUAL) usual[localName] = USUAL[localName];
  return placesIn(desc, text).map(({ at, init }) => ({ at, init: { ...usual, ...init } }));
}

function placesIn(desc: DescMessage, text: string): readonly { readonly at: string; readonly init: Init }[] {
  return desc.fields.flatMap((field) =>
    valuesOf(field, text).map(({ at, value }) => ({
      at: `${field.localName}${at}`,
      init: field.oneof === undefined ? { [field.localName]: value } : oneofInit(field, value),
    })),
  );
}

/** Optional fields are no oneofs of the generated code. */
function oneofInit(field: DescField, value: unknown): Init {
  return { [field.oneof?.localName ?? ""]: { case: field.localName, value } };
}

function valuesOf(
  field: DescField,
  text: string,
): readonly { readonly at: string; readonly value: unknown }[] {
  switch (field.fieldKind) {
    case "scalar":
      return field.scalar === ScalarType.STRING ? [{ at: "", value: text }] : [];
    case "message":
      return valuesOfMessage(field.message, text);
    case "list":
      if (field.listKind === "scalar" && field.scalar === ScalarType.STRING)
        return [{ at: "[0]", value: [text] }];
      if (field.listKind !== "message") return [];
      return valuesOfMessage(field.message, text).map(({ at, value }) => ({
        at: `[0]${at}`,
        value: [value],
      }));
    case "map":
      return field.mapKind === "scalar" ? [{ at: "{}", value: Object.fromEntries([[text, text]]) }] : [];
    default:
      return [];
  }
}

function valuesOfMessage(
  desc: DescMessage,
  text: string,
): readonly { readonly at: string; readonly value: unknown }[] {
  const json = Object.fromEntries([[text, { deep: [text] }]]);
  switch (desc.typeName) {
    case "google.protobuf.Struct":
      return [{ at: "", value: json }];
    case "google.protobuf.Value":
      return [
        {
          at: "",
          value: { kind: { case: "structValue", value: Object.fromEntries([["properties", json]]) } },
        },
        {
          at: "",
          value: { kind: { case: "structValue", value: { $id: text, pattern: text, title: text } } },
        },
      ];
    case "google.protobuf.FieldMask":
      return [{ at: ".paths", value: { paths: [text] } }];
    default:
      return desc.typeName.startsWith("google.")
        ? []
        : requestsWith(desc, text).map(({ at, init }) => ({ at: `.${at}`, value: init }));
  }
}
