/** Whether what was promised holds where the service asks who calls, and says what it does. */
import { measureInRounds } from "../run/rounds.ts";
import type { Row } from "../run/table.ts";
import { everythingOn as turnEverythingOn } from "../servers/everything-on.ts";
import { together } from "../servers/together.ts";
import { besideEchoes, echoRows, echoTargets } from "./beside-echoes.ts";
import { besideGateways, gatewayRows, gatewayTargets } from "./beside-gateways.ts";
import type { Bench, Section } from "./section.ts";

export const everythingOn: Section = {
  name: "everything-on",
  always: false,
  inQuick: false,
  run: (bench) =>
    together(async (add) => {
      const setting = await turnEverythingOn(add);
      const { options } = bench;
      const say: Bench["say"] = (text) => bench.say(`everything on, ${text}`);
      say("starting the service and the bare servers");
      const onMemory = await together(async (start) => {
        const { grpc, json } = await besideEchoes(start, setting);
        return measureInRounds([...grpc, ...json], options, (text) => say(`memory, ${text}`));
      });
      say("starting the stores, the service and what is beside it");
      const onRedis = await together(async (start) => {
        const { cases } = await besideGateways(bench, start, setting);
        return measureInRounds(cases, options, (text) => say(`Redis, ${text}`));
      });
      return {
        title: "Tokens, limits, log, metrics and traces of 1 %",
        rows: [...under("memory", echoRows(onMemory)), ...under("Redis", gatewayRows(onRedis))],
        targets: [...echoTargets(onMemory, setting), ...gatewayTargets(onRedis, setting)],
      };
    }),
};

function under(stores: string, rows: readonly Row[]): readonly Row[] {
  return rows.map((row) => ({ ...row, what: `${stores}: ${row.what}` }));
}
