/** What lies between two schemas, said in full: each change with its class, and documents that show it. */
import type { DocumentValidator, SchemaText } from "../../../ports/document-validator.ts";
import type { Change, Explanation } from "../../../ports/schema-comparer.ts";
import { jsonPatch } from "../json-patch.ts";
import { changesOf } from "./changes.ts";
import { type Example, judge, type ShownJudgement, type ShownVerdict } from "./judge.ts";

/** All examples together must leave room in an answer. */
const EXAMPLE_CHARS = 512 * 1024;

/** Throws what the validator throws. */
export async function explain(
  validator: DocumentValidator,
  older: SchemaText,
  newer: SchemaText,
  signal?: AbortSignal,
): Promise<Explanation> {
  const judgement = await judge(validator, older, newer, { backward: true, forward: true }, signal);
  const { comparison } = judgement;
  const [lost, gained] = [examplesOf(judgement.backward), examplesOf(judgement.forward)];
  const changes = decided(judgement, changesOf(comparison));
  const counting = changes.filter(counts);
  const find = finder(lost, gained, counting.length === 1);
  let left = EXAMPLE_CHARS;
  const explained = changes.map((change) => {
    const example = counts(change) ? find(change) : undefined;
    if (example === undefined) return change;
    left -= JSON.stringify(example.document).length;
    return left < 0 ? change : { ...change, counterExample: example.document };
  });
  return {
    class: judgement.class,
    changes: explained,
    acceptedByOlderOnly: lost[0]?.document,
    acceptedByNewerOnly: gained[0]?.document,
    patch: jsonPatch(comparison.older.document, comparison.newer.document),
  };
}

function examplesOf(verdict: ShownVerdict): readonly Example[] {
  return verdict.kind === "refuted" ? verdict.examples : [];
}

function counts(change: Change): boolean {
  return change.class !== "ANNOTATION_ONLY" && change.class !== "FULL";
}

/** Where but one change counts, what holds of the whole holds of it. */
function decided(judgement: ShownJudgement, changes: readonly Change[]): readonly Change[] {
  const counting = changes.filter(counts);
  const [single] = counting;
  if (counting.length !== 1 || single?.class !== "UNKNOWN" || judgement.class === "UNKNOWN") return changes;
  return changes.map((change) => (change === single ? { ...change, class: judgement.class } : change));
}

/** Finds the example that is refused at the place of a change, and so because of it. */
function finder(lost: readonly Example[], gained: readonly Example[], isOnly: boolean) {
  const [lostAt, gainedAt] = [byPlace(lost), byPlace(gained)];
  return ({ class: kind, pointer }: Change): Example | undefined => {
    const ofLost = isOnly ? lost[0] : lostAt.get(pointer);
    const ofGained = isOnly ? gained[0] : gainedAt.get(pointer);
    return (kind === "BACKWARD" ? undefined : ofLost) ?? (kind === "FORWARD" ? undefined : ofGained);
  };
}

/** By where in the schema they are refused, and all that lies around that. */
function byPlace(examples: readonly Example[]): ReadonlyMap<string, Example> {
  const places = new Map<string, Example>();
  for (const example of examples) {
    for (const { schemaPointer } of example.errors) {
      let place = schemaPointer;
      while (place !== "" && !places.has(place)) {
        places.set(place, example);
        place = place.slice(0, place.lastIndexOf("/"));
      }
    }
  }
  return places;
}
