// The oracle: what a classifier claims of two schemas is held against documents and a validator that it does not know.
import { Judge } from "../../../../../src/adapters/ajv/judge.ts";
import { canonicalJson, sha256Hex } from "../../../../../src/canonical.ts";
import { dialectOf } from "../../../../../src/dialect.ts";
import { getKey, isObject, type Json, type JsonObject } from "../../../../../src/json.ts";
import type { SchemaText } from "../../../../../src/ports/document-validator.ts";
import { DocumentMaker } from "./random-documents.ts";
import { Random, SchemaMaker } from "./random-schemas.ts";

export function schemaText(document: Json): SchemaText {
  const declared = isObject(document) ? getKey(document, "$schema") : undefined;
  return {
    text: JSON.stringify(document),
    dialect: (typeof declared === "string" ? dialectOf(declared) : undefined) ?? "2020-12",
    sha256: sha256Hex(canonicalJson(document)),
  };
}

export interface Pair {
  readonly seed: number;
  readonly older: JsonObject;
  readonly newer: JsonObject;
  /** Documents, and whether each schema accepts them. */
  readonly tried: readonly { readonly document: Json; readonly older: boolean; readonly newer: boolean }[];
}

const DOCUMENTS = 60;

/** Undefined where one of the two is nothing that the registry would take, or no document can be judged by. */
export function makePair(seed: number): Pair | undefined {
  const random = new Random(seed);
  const maker = new SchemaMaker(random);
  const older = maker.document();
  const newer = random.chance(0.1) ? maker.document() : maker.mutated(older);
  const judge = new Judge();
  const texts = { older: schemaText(older), newer: schemaText(newer) };
  const makers = [new DocumentMaker(random, older), new DocumentMaker(random, newer)];
  const documents = Array.from({ length: DOCUMENTS }, (_, index) => makers[index % 2]?.document() ?? null);
  try {
    if (judge.check(texts.older).length > 0 || judge.check(texts.newer).length > 0) return undefined;
    const [byOlder, byNewer] = [
      judge.validate(texts.older, documents),
      judge.validate(texts.newer, documents),
    ];
    const tried = documents.map((document, index) => ({
      document,
      older: byOlder[index]?.valid === true,
      newer: byNewer[index]?.valid === true,
    }));
    return { seed, older, newer, tried };
  } catch (error) {
    // A schema that refers to nothing but itself has no end.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
