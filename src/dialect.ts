/** The dialects of JSON Schema that are understood. */
export type Dialect = "draft-07" | "2019-09" | "2020-12";

/** `$schema` to dialect, an empty fragment left out. */
const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ["http://json-schema.org/draft-07/schema", "draft-07"],
  ["https://json-schema.org/draft/2019-09/schema", "2019-09"],
  ["https://json-schema.org/draft/2020-12/schema", "2020-12"],
]);

/** The dialect that a `$schema` names, or undefined for an unknown one. */
export function dialectOf(schemaUri: string): Dialect | undefined {
  return DIALECTS.get(schemaUri.replace(/#$/, ""));
}
