/** What the meta-schemas allow and Ajv would pass over or get wrong: a rule that is not enforced must not be taken. */
import { type Dialect, dialectOf } from "../../dialect.ts";
import { getKey, isObject } from "../../json.ts";
import type { SchemaProblem } from "../../ports/document-validator.ts";
import { MAP_KEYWORDS } from "./keywords.ts";
import { compilePattern } from "./patterns.ts";
import { step } from "./pointer.ts";
import type { Subschema } from "./subschemas.ts";

export function unsupported(schemas: readonly Subschema[], dialect: Dialect): readonly SchemaProblem[] {
  return [...schemas.flatMap((subschema) => problemsOf(subschema, dialect)), ...evaluation(schemas, dialect)];
}

/** Since 2020-12 `contains` evaluates items; Ajv does not count them, here or in what a schema refers to. */
function evaluation(schemas: readonly Subschema[], dialect: Dialect): readonly SchemaProblem[] {
  const uses = (keyword: string) => schemas.filter(({ schema }) => Object.hasOwn(schema, keyword));
  if (dialect !== "2020-12" || uses("contains").length === 0) return [];
  return uses("unevaluatedItems").map(({ pointer }) => ({
    pointer: step(pointer, "unevaluatedItems"),
    message: "is not supported in a document that uses contains",
  }));
}

function problemsOf({ schema, pointer }: Subschema, dialect: Dialect): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const add = (at: string, message: string) => problems.push({ pointer: at, message });
  const declared = getKey(schema, "$schema");
  if (typeof declared === "string" && dialectOf(declared) !== dialect) {
    add(step(pointer, "$schema"), "must be the dialect of the whole document");
  }
  const checkPattern = (at: string, pattern: string) => {
    try {
      compilePattern(pattern);
    } catch (error) {
      const why = error instanceof Error ? error.message : "not a pattern";
      add(at, `must be a pattern that can be matched in linear time: ${why}`);
    }
  };
  const pattern = getKey(schema, "pattern");
  if (typeof pattern === "string") checkPattern(step(pointer, "pattern"), pattern);
  const byPattern = getKey(schema, "patternProperties");
  if (isObject(byPattern)) {
    const at = step(pointer, "patternProperties");
    for (const key of Object.keys(byPattern)) checkPattern(step(at, key), key);
  }
  for (const keyword of [...MAP_KEYWORDS, "dependentRequired"]) {
    const map = getKey(schema, keyword);
    if (isObject(map) && Object.hasOwn(map, "__proto__")) {
      // Ajv passes over this name; a rule that is not enforced must not be taken.
      add(step(step(pointer, keyword), "__proto__"), "a rule for this name is not supported");
    }
  }
  return problems;
}
