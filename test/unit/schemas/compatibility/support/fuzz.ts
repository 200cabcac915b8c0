// The differential test: claims about generated pairs, held against generated documents.
import { validatorInProcess } from "../../../../../src/adapters/ajv/in-process.ts";
import { type Comparison, compare } from "../../../../../src/domain/schemas/compatibility/compare.ts";
import { judge } from "../../../../../src/domain/schemas/compatibility/judge.ts";
import type { Json } from "../../../../../src/json.ts";
import { makePair, type Pair, schemaText } from "./oracle.ts";

export type Classifier = (older: Json, newer: Json) => Pick<Comparison, "backward" | "forward">;

export const OURS: Classifier = (older, newer) => compare(schemaText(older), schemaText(newer));

export interface Refutation {
  readonly seed: number;
  readonly direction: "backward" | "forward";
  readonly older: Json;
  readonly newer: Json;
  readonly document: Json;
}

export interface Figures {
  /** Pairs that the registry would take. */
  readonly pairs: number;
  /** Times that it was said that all of one is accepted by the other. */
  readonly included: number;
  readonly refuted: readonly Refutation[];
  /** By class of the whole pair. */
  readonly classes: Readonly<Record<string, number>>;
}

/** Pairs of seeds `seed`, `seed + 1`, ... until there are so many. */
export async function fuzz(
  options: { readonly pairs: number; readonly seed: number },
  progress: (done: number) => void = () => undefined,
): Promise<Figures> {
  const refuted: Refutation[] = [];
  const classes: Record<string, number> = {};
  let [pairs, included] = [0, 0];
  for (let seed = options.seed; pairs < options.pairs; seed++) {
    const pair = pairOf(seed);
    if (pair === undefined) continue;
    const claims = OURS(pair.older, pair.newer);
    included += [claims.backward, claims.forward].filter((obstacle) => obstacle === undefined).length;
    refuted.push(...refutations(pair, claims));
    const judged = await judge(validatorInProcess(), schemaText(pair.older), schemaText(pair.newer), {
      backward: true,
      forward: true,
    });
    classes[judged.class] = (classes[judged.class] ?? 0) + 1;
    progress(++pairs);
  }
  return { pairs, included, refuted, classes };
}

/** The first pair of these seeds on which a classifier is found to be wrong. */
export function firstWrong(classifier: Classifier, seeds: readonly number[]): Refutation | undefined {
  for (const seed of seeds) {
    const pair = pairOf(seed);
    const [refutation] = pair === undefined ? [] : refutations(pair, classifier(pair.older, pair.newer));
    if (refutation !== undefined) return refutation;
  }
  return undefined;
}

/** Judging the documents is what takes time, and classifiers are tried on the same ones. */
const made = new Map<number, Pair | undefined>();

function pairOf(seed: number): Pair | undefined {
  if (!made.has(seed)) made.set(seed, makePair(seed));
  return made.get(seed);
}

function refutations(pair: Pair, claims: ReturnType<Classifier>): readonly Refutation[] {
  const { seed, older, newer, tried } = pair;
  const lost = tried.find((document) => document.older && !document.newer);
  const gained = tried.find((document) => document.newer && !document.older);
  const found: Refutation[] = [];
  if (claims.backward === undefined && lost !== undefined) {
    found.push({ seed, direction: "backward", older, newer, document: lost.document });
  }
  if (claims.forward === undefined && gained !== undefined) {
    found.push({ seed, direction: "forward", older, newer, document: gained.document });
  }
  return found;
}

export function describeFigures({ pairs, included, refuted, classes }: Figures): string {
  const unknown = classes.UNKNOWN ?? 0;
  const shares = Object.entries(classes)
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
  const percent = ((100 * unknown) / pairs).toFixed(1);
  return `${pairs} pairs, ${included} inclusions claimed, ${refuted.length} refuted; UNKNOWN ${percent} %; ${shares}`;
}
