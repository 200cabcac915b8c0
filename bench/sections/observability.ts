/** What it costs that the service says what it does. Metrics are always kept. */
import { GET_ENTRY } from "../loads/calls.ts";
import { loadCase } from "../loads/load.ts";
import { GRPC } from "../loads/protocols.ts";
import { type Case, measureInRounds } from "../run/rounds.ts";
import { named, throughputRow } from "../run/rows.ts";
import { startCollector } from "../servers/collector.ts";
import { startService } from "../servers/service.ts";
import { type Add, together } from "../servers/together.ts";
import { compared } from "./compared.ts";
import type { Bench, Outcome, Section } from "./section.ts";

const SILENT = "no call in the log";
const LOGGED = "every call in the log";
const SAMPLED = "every call in the log, and traces of 1 %";
const WAYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [SILENT]: { LOG_EVERY: "0" },
  "one call in 100 in the log": { LOG_EVERY: "100" },
  [LOGGED]: {},
};

export const observability: Section = {
  name: "observability",
  always: false,
  inQuick: false,
  run: (bench) => together((add) => measure(bench, add)),
};

async function measure({ options, say }: Bench, add: Add): Promise<Outcome> {
  say("observability: starting the service in each way");
  const { env: traces } = await add(startCollector());
  const cases: Case[] = [];
  for (const [name, env] of Object.entries({ ...WAYS, [SAMPLED]: traces })) {
    cases.push(loadCase(name, await add(startService(env)), GET_ENTRY, GRPC));
  }
  const measured = await measureInRounds(cases, options, (text) => say(`observability, ${text}`));
  return {
    title: "GetEntry by gRPC, by what is written down of it",
    rows: measured.map((one) => throughputRow(one, { to: named(measured, SILENT), name: SILENT })),
    targets: [
      compared(measured, {
        promise: "every call in the log and traces of 1 %: of the same without",
        of: SAMPLED,
        to: SILENT,
        wanted: 0.9,
      }),
      compared(measured, {
        promise: "traces of 1 %: of the same without",
        of: SAMPLED,
        to: LOGGED,
        wanted: 0.9,
      }),
    ],
  };
}
