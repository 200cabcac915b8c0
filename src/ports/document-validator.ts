/**
 * Judges JSON Schemas, and documents by them. Both come from strangers, so every call is bounded in time and
 * memory and runs where it cannot hold up other calls. Adapter: ajv. `test/contract/validator.ts` is this text
 * as a suite.
 *
 * Errors: ServiceError only.
 *  - `resource_exhausted` / TOO_COMPLEX: the job needed more time or memory than one may take.
 *  - `resource_exhausted` / OVERLOADED: too many jobs wait; worth a retry.
 *  - `deadline_exceeded` / `cancelled`: the signal fired.
 *  - `unavailable` / SHUTTING_DOWN: closed.
 */
import type { Dialect } from "../dialect.ts";
import type { Json } from "../json.ts";

/** A schema as text, so that neither key order nor any key is lost on the way to the judge. */
export interface SchemaText {
  /** JSON. */
  readonly text: string;
  readonly dialect: Dialect;
  /** Names the content: two schemas with the same one accept the same documents. */
  readonly sha256: string;
}

/** A schema that was looked at. */
export interface CheckedSchema {
  /** Of the canonical form. */
  readonly sha256: string;
  /** At most 100; none for a schema that `validate` can use. */
  readonly problems: readonly SchemaProblem[];
}

/** Why something is no usable schema. */
export interface SchemaProblem {
  /** JSON Pointer (RFC 6901) into the schema; empty for the whole. */
  readonly pointer: string;
  readonly message: string;
}

/** One way in which a document is not valid. */
export interface DocumentError {
  /** JSON Pointer into the document. */
  readonly instancePointer: string;
  /** JSON Pointer into the schema: to the keyword, or to the schema `false`. */
  readonly schemaPointer: string;
  /** Empty where the schema is `false`. */
  readonly keyword: string;
  readonly message: string;
}

export interface DocumentResult {
  readonly valid: boolean;
  /** The first of them: at most 100, and fewer where their text would be longer than an answer can carry. */
  readonly errors: readonly DocumentError[];
}

export interface DocumentValidator {
  /**
   * What is wrong with a schema, and what names its content. It must be valid by its dialect's meta-schema; every
   * reference must lead to a schema inside the document, and not back to itself before any part of a document is looked
   * at; every pattern must be one that can be matched in linear time. Its text must be well-formed Unicode.
   */
  check(schema: Omit<SchemaText, "sha256">, signal?: AbortSignal): Promise<CheckedSchema>;

  /**
   * Judges documents by a schema that `check` found nothing wrong with; results in the documents' order.
   * `format` is asserted for the formats of the dialects' specifications; others are annotations, as are
   * unknown keywords.
   */
  validate(
    schema: SchemaText,
    documents: readonly Json[],
    signal?: AbortSignal,
  ): Promise<readonly DocumentResult[]>;

  close(): Promise<void>;
}
