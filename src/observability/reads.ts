/** Counts where the answers of reads come from: how much the hot store is worth. */
import { type Metrics, READ_SOURCES, type ReadSource } from "./metrics.ts";
import type { Tally } from "./tallies.ts";

interface Options {
  readonly consistency: "fast" | "strong";
}

interface Answer {
  readonly provenance: { readonly source: "hot" | "durable"; readonly degraded: boolean };
}

/** What reads one object, or many. */
export interface Reader<O extends Options, A extends Answer> {
  read(key: string, options: O): Promise<A>;
  readMany(keys: readonly string[], options: O): Promise<readonly (A | Error)[]>;
}

/** `kind` is what is read, such as `task`. */
export function countReads<O extends Options, A extends Answer>(
  reader: Reader<O, A>,
  kind: string,
  { reads }: Pick<Metrics, "reads">,
): Reader<O, A> {
  const tallies = Object.fromEntries(
    READ_SOURCES.map((result) => [result, reads.tally({ kind, result })]),
  ) as Record<ReadSource, Tally>;
  const count = (result: ReadSource) => {
    tallies[result].count++;
  };
  return {
    read: (key, options) =>
      reader.read(key, options).then(
        (answer) => {
          count(sourceOf(options, answer));
          return answer;
        },
        (error) => {
          count("error");
          throw error;
        },
      ),
    async readMany(keys, options) {
      const answers = await reader.readMany(keys, options);
      for (const answer of answers) count(answer instanceof Error ? "error" : sourceOf(options, answer));
      return answers;
    },
  };
}

function sourceOf({ consistency }: Options, { provenance }: Answer): ReadSource {
  if (provenance.source === "hot") return provenance.degraded ? "degraded" : "hit";
  if (consistency === "strong") return "strong";
  return provenance.degraded ? "fallback" : "miss";
}
