/** Cases measured in turn, round after round, so that what slows the machine down slows all of them. */
import { median } from "./median.ts";

/** One measurement. */
export interface Figure {
  readonly perSecond: number;
  /** Processor cores that the server used meanwhile. */
  readonly cores: number;
  /** Calls that were not answered as the first one was, of a thousand. */
  readonly failedPerMille: number;
}

export interface Case {
  /** Unique among the cases of a run. */
  readonly name: string;
  measure(seconds: number): Promise<Figure>;
}

export interface Measured {
  readonly name: string;
  /** In the order of the rounds. */
  readonly figures: readonly Figure[];
}

/** How long each is called before it is measured: no server that is in use runs code that was not compiled yet. */
const WARM_UP_S = 3;

export async function measureInRounds(
  cases: readonly Case[],
  { runs, seconds }: { readonly runs: number; readonly seconds: number },
  say: (text: string) => void,
): Promise<readonly Measured[]> {
  const figures = new Map<string, Figure[]>(cases.map(({ name }) => [name, []]));
  for (const [at, { name, measure }] of cases.entries()) {
    say(`warming up, ${at + 1}/${cases.length}: ${name}`);
    await measure(WARM_UP_S);
  }
  for (let run = 1; run <= runs; run++) {
    for (const [at, { name, measure }] of cases.entries()) {
      const figure = await measure(seconds);
      figures.get(name)?.push(figure);
      say(`round ${run}/${runs}, ${at + 1}/${cases.length}: ${name}: ${Math.round(figure.perSecond)}/s`);
    }
  }
  return cases.map(({ name }) => ({ name, figures: figures.get(name) ?? [] }));
}

export function medianPerSecond({ figures }: Measured): number {
  return median(figures.map(({ perSecond }) => perSecond));
}

/** The median of the ratios of one round each. */
export function ratio(of: Measured, to: Measured): number {
  return median(of.figures.map(({ perSecond }, at) => perSecond / (to.figures[at]?.perSecond ?? Number.NaN)));
}
