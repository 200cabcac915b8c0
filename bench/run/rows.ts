/** Measured cases as rows of the table. */
import { median } from "./median.ts";
import { type Measured, medianPerSecond, ratio } from "./rounds.ts";
import { type Row, whole } from "./table.ts";

/** `reference`: what the row's ratio is to, by name. */
export function throughputRow(
  measured: Measured,
  reference?: { readonly to: Measured; readonly name: string },
): Row {
  const rates = measured.figures.map(({ perSecond }) => perSecond);
  const failed = Math.max(...measured.figures.map(({ failedPerMille }) => failedPerMille));
  const cores = median(measured.figures.map((figure) => figure.cores));
  // Holds even where others take the processor away meanwhile, since it counts only what the server was given.
  const perCore = median(measured.figures.map((figure) => figure.perSecond / figure.cores));
  return {
    what: measured.name,
    figure: `${whole(medianPerSecond(measured))}/s`,
    spread: `${whole(Math.min(...rates))} to ${whole(Math.max(...rates))}`,
    ratio: reference === undefined ? "" : `${ratio(measured, reference.to).toFixed(2)} x ${reference.name}`,
    note: [
      cores > 0 ? `${cores.toFixed(1)} cores, ${whole(perCore)}/s for each` : "",
      failed > 0 ? `${failed} of 1000 FAILED` : "",
    ]
      .filter(Boolean)
      .join(", "),
  };
}

/** The case of that name. Throws when it was not measured. */
export function named(cases: readonly Measured[], name: string): Measured {
  const found = cases.find((measured) => measured.name === name);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return found;
}
