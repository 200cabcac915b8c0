import { parseArgs } from "node:util";

export interface Options {
  /** Measurements of each case; medians are taken of them. */
  readonly runs: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** Only what the targets need. */
  readonly quick: boolean;
  /** Names of sections; empty: all that are part of a full run. */
  readonly only: readonly string[];
}

const HELP = `Measures the service beside what one would use instead, on this machine, and prints one table.

  npm run bench                       all but observability, everything-on and soak, about twenty minutes
  npm run bench -- --quick            what the targets need, about three minutes
  npm run bench -- --only redis       one section; may be given more than once

  --runs N       measurements of each case, of which the median is taken (default 3)
  --seconds N    length of one measurement (default 2, with --quick 1); of the soak (default 600)
  --only NAME    SECTIONS
  --quick        fewer cases, shorter
  --help

It starts and stops what it measures: the service, the bare servers beside it, Redis and FerretDB. Needed are
h2load, wrk, redis-server, FerretDB and, for the gateway in Go, go: scripts/install-tools.sh --bench brings the
first four. Each case is called for 3 s before it is measured. Every ratio is the median of ratios taken within one
round, one case right after the other. Close what else keeps this machine busy: load generators and servers share its
cores.
`;

/** Ends the process for --help and for what cannot be read. */
export function readOptions(args: readonly string[], sections: readonly string[]): Options {
  const help = HELP.replace("SECTIONS", sections.join(", "));
  const refuse = (problem: string): never => {
    process.stderr.write(`bench: ${problem}\n\n${help}`);
    process.exit(2);
  };
  const parsed = read(args);
  if (typeof parsed === "string") return refuse(parsed);
  if (parsed.help) {
    process.stdout.write(help);
    process.exit(0);
  }
  const unknown = parsed.only.find((name) => !sections.includes(name));
  if (unknown !== undefined) return refuse(`--only ${unknown}: there is no such section`);
  const quick = parsed.quick;
  const whole = (name: string, text: string | undefined, standard: number): number => {
    if (text === undefined) return standard;
    const value = Number(text);
    return Number.isInteger(value) && value >= 1 && value <= 86_400
      ? value
      : refuse(`--${name} ${text}: takes a whole number from 1 to 86400`);
  };
  const soak = parsed.only.length === 1 && parsed.only[0] === "soak";
  return {
    quick,
    only: parsed.only,
    runs: whole("runs", parsed.runs, 3),
    seconds: whole("seconds", parsed.seconds, soak ? 600 : quick ? 1 : 2),
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        runs: { type: "string" },
        seconds: { type: "string" },
        only: { type: "string", multiple: true, default: [] },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
