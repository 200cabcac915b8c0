// The official tests of JSON Schema, as its authors publish them: schemas, documents, and which are valid.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dialect } from "../../../src/dialect.ts";
import { isObject, type Json } from "../../../src/json.ts";

export interface SuiteCase {
  readonly dialect: Dialect;
  /** `ref.json | nested refs`, unlike any other of the dialect. */
  readonly name: string;
  /** With its `$schema`, so that the registry takes it for what it is; `true` and `false` stay as they are. */
  readonly schema: Json;
  readonly tests: readonly { readonly name: string; readonly data: Json; readonly valid: boolean }[];
}

interface Written {
  readonly description: string;
  readonly schema: Json;
  readonly tests: readonly { readonly description: string; readonly data: Json; readonly valid: boolean }[];
}

const DIALECTS: readonly (readonly [Dialect, string, string])[] = [
  ["draft-07", "draft7", "http://json-schema.org/draft-07/schema#"],
  ["2019-09", "draft2019-09", "https://json-schema.org/draft/2019-09/schema"],
  ["2020-12", "draft2020-12", "https://json-schema.org/draft/2020-12/schema"],
];

/** Those of the dialects that the service knows; optional ones are in files that begin with `optional/`. */
export function readSuite(folder: string): readonly SuiteCase[] {
  return DIALECTS.flatMap(([dialect, name, $schema]) => {
    const root = join(folder, name);
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".json"),
    );
    return files.toSorted().flatMap((file) => {
      const cases = JSON.parse(readFileSync(join(root, file), "utf8")) as readonly Written[];
      return cases.map(({ description, schema, tests }) => ({
        dialect,
        name: `${file} | ${description}`,
        schema: isObject(schema) ? { $schema, ...schema } : schema,
        tests: tests.map(({ description: test, ...rest }) => ({ name: test, ...rest })),
      }));
    });
  });
}
