/** How one schema relates to another, with documents to show it. */

import { ServiceError } from "../../../errors.ts";
import type { Json } from "../../../json.ts";
import { jsonBytes } from "../../../json.ts";
import type { DocumentError, DocumentValidator, SchemaText } from "../../../ports/document-validator.ts";
import type { ChangeClass, Judgement, Obstacle, Verdict, Wanted } from "../../../ports/schema-comparer.ts";
import { Budget } from "./budget.ts";
import { Candidates } from "./candidates.ts";
import { type Comparison, compare, newProver } from "./compare.ts";
import { ANYTHING } from "./conjunction.ts";
import type { Source } from "./source.ts";

/** A document that one schema accepts and the other refuses; both were tried. */
export interface Example {
  readonly document: Json;
  /** Why the one refuses it. */
  readonly errors: readonly DocumentError[];
}

/** As the port's, with the documents. */
export type ShownVerdict =
  | Exclude<Verdict, { kind: "refuted" }>
  | (Extract<Verdict, { kind: "refuted" }> & { readonly examples: readonly [Example, ...Example[]] });

export interface ShownJudgement extends Judgement {
  readonly comparison: Comparison;
  readonly backward: ShownVerdict;
  readonly forward: ShownVerdict;
}

/** Steps of the search for documents, each way. */
const STEPS = 30_000;
/** A document to show, and all that are tried at once. */
const DOCUMENT_BYTES = 16 * 1024;
const ALL_BYTES = 512 * 1024;

/** Throws what the validator throws, but for schemas that are too complex to try documents by. */
export async function judge(
  validator: DocumentValidator,
  older: SchemaText,
  newer: SchemaText,
  wanted: Wanted,
  signal?: AbortSignal,
): Promise<ShownJudgement> {
  const comparison = compare(older, newer);
  const { backward, forward } = comparison;
  const isOpen =
    (backward !== undefined && (wanted.backward || forward !== undefined)) ||
    (forward !== undefined && wanted.forward);
  if (!isOpen) return judged(comparison, [], []);
  const documents = candidates(comparison);
  const results = await tryAll(validator, older, newer, documents, signal);
  const examples = (accepting: 0 | 1): readonly Example[] =>
    documents.flatMap((document, index) => {
      const [mine, other] = [results[accepting]?.[index], results[1 - accepting]?.[index]];
      return mine?.valid === true && other?.valid === false ? [{ document, errors: other.errors }] : [];
    });
  return judged(comparison, examples(0), examples(1));
}

function judged(
  comparison: Comparison,
  lost: readonly Example[],
  gained: readonly Example[],
): ShownJudgement {
  const backward = verdict(comparison.backward, lost);
  const forward = verdict(comparison.forward, gained);
  return { comparison, class: classOf(comparison, backward, forward), backward, forward };
}

/** Documents are right, whatever was reasoned: numbers that a validator rounds are beyond it. */
const SHOWN: Obstacle = { pointer: "", keyword: "", reason: "a document shows it", sure: true };

function verdict(obstacle: Obstacle | undefined, examples: readonly Example[]): ShownVerdict {
  const [first, ...others] = examples;
  if (first === undefined) {
    if (obstacle === undefined) return { kind: "included" };
    return { kind: "unknown", obstacle: { ...obstacle, sure: false } };
  }
  return { kind: "refuted", obstacle: obstacle ?? SHOWN, examples: [first, ...others] };
}

function classOf({ isAnnotationOnly }: Comparison, backward: Verdict, forward: Verdict): ChangeClass {
  if (isAnnotationOnly) return "ANNOTATION_ONLY";
  if (backward.kind === "included") return forward.kind === "included" ? "FULL" : "BACKWARD";
  if (forward.kind === "included") return "FORWARD";
  return backward.kind === "refuted" && forward.kind === "refuted" ? "BREAKING" : "UNKNOWN";
}

/** Small ones first where not all can be tried. */
function candidates({ older, newer, backward, forward }: Comparison): readonly Json[] {
  const made = (p: Source, q: Source) => {
    const budget = new Budget(STEPS);
    return new Candidates(newProver(budget), budget).of(ANYTHING.and(p.root), ANYTHING.and(q.root));
  };
  const found = [
    ...(backward === undefined ? [] : made(older, newer)),
    ...(forward === undefined ? [] : made(newer, older)),
  ];
  let left = ALL_BYTES;
  return found.filter((document) => {
    const bytes = jsonBytes(document);
    if (bytes > DOCUMENT_BYTES || bytes > left) return false;
    left -= bytes;
    return true;
  });
}

async function tryAll(
  validator: DocumentValidator,
  older: SchemaText,
  newer: SchemaText,
  documents: readonly Json[],
  signal: AbortSignal | undefined,
) {
  if (documents.length === 0) return [];
  try {
    return await Promise.all([older, newer].map((schema) => validator.validate(schema, documents, signal)));
  } catch (error) {
    if (error instanceof ServiceError && error.reason === "TOO_COMPLEX") return [];
    throw error;
  }
}
