import type { DocumentValidator } from "../../../ports/document-validator.ts";
import type { SchemaComparer, Verdict } from "../../../ports/schema-comparer.ts";
import { explain } from "./explain.ts";
import { judge, type ShownVerdict } from "./judge.ts";

/**
 * The reasoning itself, where it is called: for a thread of its own, and for tests. Documents are tried by the
 * validator.
 */
export function createSchemaComparer(validator: DocumentValidator): SchemaComparer {
  return {
    async judge(older, newer, wanted, signal) {
      const judgement = await judge(validator, older, newer, wanted, signal);
      const { class: changeClass, backward, forward } = judgement;
      return { class: changeClass, backward: bare(backward), forward: bare(forward) };
    },
    explain: (older, newer, signal) => explain(validator, older, newer, signal),
  };
}

/** Without the documents that show it. */
function bare(verdict: ShownVerdict): Verdict {
  return verdict.kind === "refuted" ? { kind: verdict.kind, obstacle: verdict.obstacle } : verdict;
}
