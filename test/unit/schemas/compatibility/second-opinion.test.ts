// Documents that another implementation generates, held against what ours claims.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import init, { generator_for } from "jsoncompat";
import { expect, it } from "vitest";
import { Judge } from "../../../../src/adapters/ajv/judge.ts";
import type { Json } from "../../../../src/json.ts";
import { OURS } from "./support/fuzz.ts";
import { makePair, schemaText } from "./support/oracle.ts";

const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1);
const DOCUMENTS = 10;

/** Those that it manages to make; of some schemas there are none. */
function documentsOf(schema: Json): readonly Json[] {
  try {
    const generator = generator_for(JSON.stringify(schema));
    return Array.from({ length: DOCUMENTS }, () => JSON.parse(generator.generate_value(4)) as Json);
  } catch {
    return [];
  }
}

it("no document of jsoncompat's making refutes an inclusion that is claimed", {
  timeout: 60_000,
}, async () => {
  const wasm = new URL("jsoncompat_wasm_bg.wasm", import.meta.resolve("jsoncompat"));
  await init({ module_or_path: await readFile(fileURLToPath(wasm)) });
  const judge = new Judge();
  const refuted: object[] = [];
  let tried = 0;
  for (const seed of SEEDS) {
    const pair = makePair(seed);
    if (pair === undefined) continue;
    const claims = OURS(pair.older, pair.newer);
    const directions = [
      ["backward", pair.older, pair.newer, claims.backward],
      ["forward", pair.newer, pair.older, claims.forward],
    ] as const;
    for (const [direction, from, to, obstacle] of directions) {
      if (obstacle !== undefined) continue;
      const documents = documentsOf(from);
      const [mine, others] = [from, to].map((schema) => judge.validate(schemaText(schema), documents));
      documents.forEach((document, index) => {
        if (mine?.[index]?.valid !== true) return;
        tried++;
        if (others?.[index]?.valid !== true) refuted.push({ seed, direction, document });
      });
    }
  }
  expect(refuted).toEqual([]);
  expect(tried).toBeGreaterThan(100);
});
