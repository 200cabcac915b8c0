// npm run test:fuzz
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { beginCommand } from "../support/command.ts";
import { KINDS, makeInput } from "./inputs.ts";
import { type Finding, type Report, run } from "./run.ts";
import { makeStanding } from "./state.ts";

/** What memory may be at the end, beside what it was halfway. */
const GROWTH = 1.5;
const SPARE_MIB = 64;
const FOLDER = "coverage/fuzz";
const SHOWN = 10;

const HELP = `Sends mutated input to a real server process on its embedded stores: raw bytes, HTTP/1 requests, HTTP/2 frames,
envelopes of gRPC, gRPC-Web and Connect, protobuf, JSON and headers; one half with the unary lane and one without.
Checks after each ${2_000} that the process is there and healthy and logged no error, and that what was refused changed
nothing; at the end, that memory did not grow over the second half. Exits with 1 when something is found, and writes the
inputs to ${FOLDER}.

  npm run test:fuzz -- [--inputs N] [--seed N] [--only INDEX]

  --inputs  how many in all; 1000000 by default
  --seed    what they are made of; 1 by default
  --only    that one input of the seed alone, both ways, as a finding names it
`;

function options() {
  const { values } = parseArgs({
    options: {
      inputs: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [inputs, seed, only] = [Number(values.inputs), Number(values.seed), Number(values.only ?? 0)];
  if (![inputs, seed, only].every((number) => Number.isSafeInteger(number) && number >= 0) || inputs < 2)
    return "--inputs takes a whole number above 1, --seed and --only whole numbers";
  return { inputs, seed, only: values.only === undefined ? undefined : only, help: values.help };
}

/** Writes the input as it was sent, for those who do not have this program. */
function keep(seed: number, index: number): string {
  const { kind, method, name, sent } = makeInput(seed, index, makeStanding(seed));
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}/${seed}-${index}.json`;
  const body = (sent.on === "connection" ? sent.bytes : sent.body).toString("base64");
  const headers = sent.on === "session" ? sent.headers : undefined;
  writeFileSync(
    file,
    `${JSON.stringify({ seed, index, kind, method: method.name, name, headers, body }, null, 2)}\n`,
  );
  return file;
}

function print(
  seed: number,
  { lane, seconds, inputs, said, codes, compared, memory, findings }: Report,
): void {
  const total = KINDS.reduce((sum, kind) => sum + inputs[kind], 0);
  const list = (entries: Iterable<readonly [string, number]>) =>
    [...entries]
      .toSorted(([, a], [, b]) => b - a)
      .map(([key, count]) => `${key} ${count}`)
      .join(", ");
  process.stdout.write(
    `${lane ? "with" : "without"} the unary lane: ${total} inputs in ${seconds.toFixed(0)} s (${(total / seconds).toFixed(0)}/s), seed ${seed}: ${findings.length} findings
  inputs    ${list(Object.entries(inputs))}
  answers   ${list(Object.entries(said))}
  codes     ${list(codes)}
  compared  ${compared} objects with what the answers said
  memory    ${memory.join(", ")} MiB before, halfway and after
`,
  );
  for (const { what, indexes } of findings.slice(0, SHOWN)) {
    const files = indexes.length > SHOWN ? [] : indexes.map((index) => keep(seed, index));
    const where =
      indexes.length === 0
        ? ""
        : ` [inputs ${indexes[0]}${indexes.length > 1 ? ` to ${indexes.at(-1)}` : ""}]`;
    process.stdout.write(`  FOUND ${what}${where} ${files.join(" ")}\n`);
  }
}

function growth({ memory: [, mid, last] }: Report): Finding | undefined {
  return last > mid * GROWTH + SPARE_MIB
    ? { what: `memory grew from ${mid} to ${last} MiB over the second half`, indexes: [] }
    : undefined;
}

const { options: asked } = beginCommand(HELP, options);
const { seed, inputs, only } = asked;
const half = Math.floor(inputs / 2);
for (const lane of [true, false]) {
  const [from, to] = only !== undefined ? [only, only + 1] : lane ? [0, half] : [half, inputs];
  const begun = performance.now();
  const progress = (done: number): void => {
    const rate = done / ((performance.now() - begun) / 1000);
    process.stderr.write(
      `\r${lane ? "with" : "without"} the unary lane: ${done} of ${to - from}, ${rate.toFixed(0)}/s   `,
    );
  };
  const report = await run({ seed, from, to, lane, progress });
  process.stderr.write("\n");
  const grown = only === undefined ? growth(report) : undefined;
  const findings = [...report.findings, ...(grown === undefined ? [] : [grown])];
  print(seed, { ...report, findings });
  if (findings.length > 0) process.exitCode = 1;
}
