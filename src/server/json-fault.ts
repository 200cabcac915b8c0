import { type DescField, type DescMessage, fromJson, type JsonValue } from "@bufbuild/protobuf";

/** Lists that are longer are named as a whole: each element is tried by itself. */
const MAX_TRIED = 10_000;
/** Of a name that a stranger wrote. */
const MAX_NAME_CHARS = 128;

/**
 * The path of the first field of a JSON text that cannot be read as the message: `kind`, `requests[2].ttl`, or a name
 * that the message does not know. Undefined where it is no field that is at fault, such as in broken JSON.
 */
export function faultyField(desc: DescMessage, text: string): string | undefined {
  try {
    return faultIn(desc, JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}

/** Each field is read alone, since the reader's own message often tells the type and not the field. */
function faultIn(desc: DescMessage, json: JsonValue): string | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  for (const [key, value] of Object.entries(json)) {
    const field = desc.fields.find(({ jsonName, name }) => jsonName === key || name === key);
    if (field === undefined) return key.slice(0, MAX_NAME_CHARS).toWellFormed();
    if (!isReadable(desc, key, value)) return faultAt(desc, field, key, value);
  }
  return undefined;
}

function faultAt(desc: DescMessage, field: DescField, key: string, value: JsonValue): string {
  if (field.fieldKind === "message") return joined(field.name, insideOf(field.message, value));
  if (field.fieldKind !== "list" || !Array.isArray(value) || value.length > MAX_TRIED) return field.name;
  const index = value.findIndex((element) => !isReadable(desc, key, [element]));
  const element = value[index];
  if (element === undefined) return field.name;
  const inside = field.listKind === "message" ? insideOf(field.message, element) : undefined;
  return joined(`${field.name}[${index}]`, inside);
}

function isReadable(desc: DescMessage, key: string, value: JsonValue): boolean {
  try {
    fromJson(desc, { [key]: value });
    return true;
  } catch {
    return false;
  }
}

/** The well-known types have a JSON form of their own, in which their fields do not come up. */
function insideOf(desc: DescMessage, json: JsonValue): string | undefined {
  return desc.typeName.startsWith("google.protobuf.") ? undefined : faultIn(desc, json);
}

function joined(name: string, inside: string | undefined): string {
  return inside === undefined ? name : `${name}.${inside}`;
}
