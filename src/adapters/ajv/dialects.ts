/** Ajv set up for each dialect. Options that differ from Ajv's defaults are the ones that its users would miss. */
import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Dialect } from "../../dialect.ts";
import { ASSERTED_FORMATS } from "../../formats.ts";
import { compilePattern, type Pattern } from "./patterns.ts";

const META_SCHEMAS: Readonly<Record<Dialect, string>> = {
  "draft-07": "http://json-schema.org/draft-07/schema",
  "2019-09": "https://json-schema.org/draft/2019-09/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
};

/** Ajv reads `code` only when it writes stand-alone modules. */
const LINEAR_TIME = Object.assign((source: string): Pattern => compilePattern(source), { code: "" });

const OPTIONS: Options = {
  allErrors: true,
  // A registry takes any schema that the specification takes: unknown keywords and formats are notes.
  strict: false,
  logger: false,
  // `constructor` and `toString` are not properties that every object has.
  ownProperties: true,
  // 19.99 is a multiple of 0.01 to everybody but a division of doubles.
  multipleOfPrecision: 10,
  // A large definition used in a thousand places must not be compiled a thousand times.
  inlineRefs: false,
  // Errors name the schema that they are of, whatever references led to it.
  verbose: true,
  code: { regExp: LINEAR_TIME },
};

/** Judges schemas themselves; made once, for it holds no schema of a caller. */
export function metaValidator(dialect: Dialect): ValidateFunction {
  const ajv = withFormats(create(dialect, { allErrors: true, strict: false, logger: false }));
  const validator = ajv.getSchema(META_SCHEMAS[dialect]);
  if (validator === undefined) throw new Error(`no meta-schema for ${dialect}`);
  return validator as ValidateFunction;
}

/**
 * Known to differ from the specification, all in what counts as evaluated: `unevaluatedItems` and
 * `unevaluatedProperties` count what an `if` looked at though it failed, and `unevaluatedItems` misses `items` in a
 * branch of `anyOf`.
 *
 * An Ajv of its own for each schema: what one schema calls itself cannot be seen by another, and all of it goes
 * when the validator goes. Without meta-schemas, for a reference to one leads out of the document.
 */
export function freshAjv(dialect: Dialect, options: { readonly tracksEvaluated: boolean }): Ajv {
  const ajv = create(dialect, {
    ...OPTIONS,
    meta: false,
    validateSchema: false,
    // Draft-07 says that what stands beside a reference is ignored; Ajv would read it.
    ...(dialect === "draft-07" ? { ignoreKeywordsWithRef: true } : {}),
  });
  // What is evaluated is of use to `unevaluated...` only, and Ajv's code that keeps track of it fails on
  // `patternProperties` beside a choice.
  if (!options.tracksEvaluated) ajv.opts.unevaluated = false;
  return withFormats(ajv);
}

function create(dialect: Dialect, options: Options): Ajv {
  if (dialect === "draft-07") return new Ajv(options);
  return dialect === "2019-09" ? new Ajv2019(options) : new Ajv2020(options);
}

function withFormats(ajv: Ajv): Ajv {
  addFormats.default(ajv, [...ASSERTED_FORMATS]);
  return ajv;
}
