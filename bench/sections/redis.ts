/** The service on Redis and FerretDB: every call, and what Redis gives by itself. */
import { CALLS, GET_ENTRY } from "../loads/calls.ts";
import { loadCase, serviceName } from "../loads/load.ts";
import { CONNECT_JSON_H1, GRPC, PROTOCOLS } from "../loads/protocols.ts";
import { nodeRedisCase, redisBenchmarkCase } from "../loads/straight.ts";
import { type Case, measureInRounds } from "../run/rounds.ts";
import { PLAIN } from "../servers/everything-on.ts";
import { LANE_OFF, startService } from "../servers/service.ts";
import { type Add, together } from "../servers/together.ts";
import { besideGateways, FAST, GET_ENTRY_KEY, gatewayRows, gatewayTargets, ONE } from "./beside-gateways.ts";
import type { Bench, Outcome, Section } from "./section.ts";

export const redis: Section = {
  name: "redis",
  always: true,
  inQuick: true,
  run: (bench) => together((add) => measure(bench, add)),
};

async function measure(bench: Bench, add: Add): Promise<Outcome> {
  const { options, say } = bench;
  say("redis: starting the stores, the service and what is beside it");
  const { store, one, cases: besides, envOf } = await besideGateways(bench, add, PLAIN);
  const laneOff = LANE_OFF && (await add(startService({ ...envOf("off"), ...LANE_OFF })));

  const cases: Case[] = [...besides];
  if (!options.quick) {
    if (laneOff) cases.push(loadCase("service, lane off, GetEntry, gRPC", laneOff, GET_ENTRY, GRPC));
    cases.push(
      redisBenchmarkCase("redis-benchmark GET, 48 clients", store.port, { pipeline: 1, perSecond: 50_000 }),
      redisBenchmarkCase("the same, pipelines of 16", store.port, { pipeline: 16, perSecond: 500_000 }),
      nodeRedisCase("node-redis GET, 48 under way", store.url, GET_ENTRY_KEY),
    );
    const others = CALLS.flatMap((call) =>
      PROTOCOLS.filter(
        (protocol) => call === GET_ENTRY || protocol === GRPC || protocol === CONNECT_JSON_H1,
      ).map((protocol) => loadCase(serviceName(call, protocol), one, call, protocol)),
    );
    cases.push(...others.filter(({ name }) => name !== ONE && name !== FAST));
  }

  const measured = await measureInRounds(cases, options, (text) => say(`redis, ${text}`));
  return {
    title: "Redis and FerretDB",
    rows: gatewayRows(measured),
    targets: gatewayTargets(measured, PLAIN),
  };
}
