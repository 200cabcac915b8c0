/** What a worker does: checks schemas, compiles them, and judges documents by them. */
import type { ErrorObject, ValidateFunction } from "ajv";
import { LRUCache } from "lru-cache";
import type { Dialect } from "../../dialect.ts";
import type { Json, JsonObject } from "../../json.ts";
import type { DocumentResult, SchemaProblem, SchemaText } from "../../ports/document-validator.ts";
import { freshAjv, metaValidator } from "./dialects.ts";
import { documentErrors, limited, schemaProblems, TextBudget } from "./errors.ts";
import { loops } from "./loops.ts";
import { type Places, prepare } from "./prepare.ts";
import { resolveDocument } from "./references.ts";
import { unsupported } from "./unsupported.ts";

/** Compiled code takes some ten times the schema's text, and has to stay well below a worker's memory. */
const CACHE_CHARS = 4 * 1024 * 1024;
/** Of all errors of one answer; it leaves room in the 3 MiB that an answer may have. */
const ERROR_CHARS = 512 * 1024;

interface Validator {
  readonly validate: ValidateFunction;
  readonly places: Places;
}

/** What a schema turned into: something to validate by, or what is wrong with it. */
type Compiled =
  | { readonly validator: Validator }
  | { readonly validator?: never; readonly problems: readonly SchemaProblem[] };

export class Judge {
  /** By content, and not by name: one content is compiled once, and a name can never show another's content. */
  readonly #validators = new LRUCache<string, Validator>({ maxSize: CACHE_CHARS });
  readonly #metaValidators = new Map<Dialect, ValidateFunction>();

  check(schema: SchemaText): readonly SchemaProblem[] {
    const root = JSON.parse(schema.text) as Json;
    const meta = this.#metaValidator(schema.dialect);
    if (!meta(root)) return schemaProblems(meta.errors ?? []);
    const endless = loops(resolveDocument(root, schema.dialect), schema.dialect);
    if (endless.length > 0) return limited(endless);
    const compiled = this.#compile(schema, root);
    return compiled.validator === undefined ? limited(compiled.problems) : [];
  }

  validate(schema: SchemaText, documents: readonly Json[]): readonly DocumentResult[] {
    const { validate, places } = this.#validators.get(schema.sha256) ?? this.#compileChecked(schema);
    const budget = new TextBudget(ERROR_CHARS);
    return documents.map((document) => {
      const valid = validate(document);
      const errors: readonly ErrorObject[] = validate.errors ?? [];
      // The function keeps its last errors, and so the document, for as long as it lives.
      validate.errors = null;
      return { valid, errors: documentErrors(errors, places, budget) };
    });
  }

  #compileChecked(schema: SchemaText): Validator {
    const compiled = this.#compile(schema, JSON.parse(schema.text) as Json);
    if (compiled.validator === undefined) throw new Error("a schema was not checked before it was used");
    return compiled.validator;
  }

  #compile(schema: SchemaText, root: Json): Compiled {
    const document = resolveDocument(root, schema.dialect);
    const problems = [...document.problems, ...unsupported(document.schemas, schema.dialect)];
    if (problems.length > 0) return { problems };
    const tracksEvaluated = document.schemas.some((found) => usesEvaluated(found.schema));
    const places = prepare(document);
    try {
      const validate = freshAjv(schema.dialect, { tracksEvaluated }).compile(root as object | boolean);
      const validator = { validate, places };
      this.#validators.set(schema.sha256, validator, { size: schema.text.length });
      return { validator };
    } catch (error) {
      // An overflow of the stack is a matter of size, not of what is written.
      if (error instanceof RangeError || !(error instanceof Error)) throw error;
      return { problems: [{ pointer: "", message: `cannot be used: ${error.message}` }] };
    }
  }

  #metaValidator(dialect: Dialect): ValidateFunction {
    const known = this.#metaValidators.get(dialect);
    if (known !== undefined) return known;
    const made = metaValidator(dialect);
    this.#metaValidators.set(dialect, made);
    return made;
  }
}

function usesEvaluated(schema: JsonObject): boolean {
  return Object.hasOwn(schema, "unevaluatedItems") || Object.hasOwn(schema, "unevaluatedProperties");
}
