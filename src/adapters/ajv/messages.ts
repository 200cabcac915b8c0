/** What the pool and its threads say to each other. Documents and schemas travel as text: it is the cheapest copy. */
import type { CheckedSchema, DocumentResult, SchemaText } from "../../ports/document-validator.ts";
import type { Explanation, Judgement, Wanted } from "../../ports/schema-comparer.ts";

export type Request =
  | { readonly kind: "check"; readonly schema: Omit<SchemaText, "sha256"> }
  /** `documents`: a JSON array. */
  | { readonly kind: "validate"; readonly schema: SchemaText; readonly documents: string }
  | {
      readonly kind: "judge";
      readonly older: SchemaText;
      readonly newer: SchemaText;
      readonly wanted: Wanted;
    }
  | { readonly kind: "explain"; readonly older: SchemaText; readonly newer: SchemaText };

export type Reply =
  /** Sent once, before the first job is taken. */
  | { readonly kind: "ready" }
  | { readonly kind: "checked"; readonly checked: CheckedSchema }
  | { readonly kind: "validated"; readonly results: readonly DocumentResult[] }
  | { readonly kind: "judged"; readonly judgement: Judgement }
  | { readonly kind: "explained"; readonly explanation: Explanation }
  /** The stack did not suffice. */
  | { readonly kind: "too_complex" }
  /** A programmer's error. */
  | { readonly kind: "failed"; readonly message: string };
