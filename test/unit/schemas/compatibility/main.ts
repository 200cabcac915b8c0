// npm run test:compat -- [--pairs 2000] [--seed 1]: the differential test at length, with its figures.
import { parseArgs } from "node:util";
import { describeFigures, fuzz } from "./support/fuzz.ts";

const { values } = parseArgs({
  options: { pairs: { type: "string", default: "2000" }, seed: { type: "string", default: "1" } },
});
const [pairs, seed] = [Number(values.pairs), Number(values.seed)];
if (!Number.isSafeInteger(pairs) || pairs < 1 || !Number.isSafeInteger(seed) || seed < 0) {
  throw new Error("--pairs must be 1 or more, --seed 0 or more");
}
const figures = await fuzz({ pairs, seed }, (done) => {
  if (done % 500 === 0) process.stderr.write(`${done} of ${pairs} pairs\n`);
});
for (const refutation of figures.refuted) process.stdout.write(`REFUTED ${JSON.stringify(refutation)}\n`);
process.stdout.write(`${describeFigures(figures)}\n`);
const unknown = figures.classes.UNKNOWN ?? 0;
if (figures.refuted.length > 0 || unknown > pairs / 10) process.exitCode = 1;
