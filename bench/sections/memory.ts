/** The service on its embedded stores: what the port itself costs. */
import { CALLS, GET_ENTRY } from "../loads/calls.ts";
import { loadCase, serviceName } from "../loads/load.ts";
import { CONNECT_BINARY, CONNECT_JSON_H1, GRPC, PROTOCOLS } from "../loads/protocols.ts";
import { type Case, measureInRounds } from "../run/rounds.ts";
import { PLAIN } from "../servers/everything-on.ts";
import { LANE_OFF, startBare, startService } from "../servers/service.ts";
import { type Add, together } from "../servers/together.ts";
import { besideEchoes, echoRows, echoTargets, SERVICE_GRPC, SERVICE_JSON } from "./beside-echoes.ts";
import { compared } from "./compared.ts";
import type { Bench, Outcome, Section } from "./section.ts";

const adapter = (protocol: string) => `Connect's adapter GetEntry, ${protocol}`;

export const memory: Section = {
  name: "memory",
  always: true,
  inQuick: true,
  run: (bench) => together((add) => measure(bench, add)),
};

async function measure({ options, say }: Bench, add: Add): Promise<Outcome> {
  say("memory: starting the service and the bare servers");
  const { ours, grpc, json } = await besideEchoes(add, PLAIN);
  const adapter2 = await add(startBare("connect-adapter", "http2"));
  const adapter1 = await add(startBare("connect-adapter", "http"));
  const laneOff = LANE_OFF && (await add(startService(LANE_OFF)));

  // What is compared stands side by side, so that it is measured within seconds of each other.
  const cases: Case[] = [
    ...grpc,
    loadCase(adapter(GRPC.name), adapter2, GET_ENTRY, GRPC),
    ...json,
    loadCase(adapter(CONNECT_JSON_H1.name), adapter1, GET_ENTRY, CONNECT_JSON_H1),
  ];
  if (laneOff !== undefined) {
    for (const protocol of [GRPC, CONNECT_JSON_H1]) {
      cases.push(loadCase(`service, lane off, GetEntry, ${protocol.name}`, laneOff, GET_ENTRY, protocol));
    }
  }
  if (!options.quick) {
    cases.push(loadCase(adapter(CONNECT_BINARY.name), adapter2, GET_ENTRY, CONNECT_BINARY));
    const others = CALLS.flatMap((call) =>
      PROTOCOLS.map((protocol) => loadCase(serviceName(call, protocol), ours, call, protocol)),
    );
    cases.push(...others.filter(({ name }) => name !== SERVICE_GRPC && name !== SERVICE_JSON));
  }

  const measured = await measureInRounds(cases, options, (text) => say(`memory, ${text}`));
  return {
    title: "Memory and SQLite, one process",
    rows: echoRows(measured),
    targets: [
      ...echoTargets(measured, PLAIN),
      compared(measured, {
        promise: "GetEntry by gRPC, memory: of Connect's own adapter",
        of: SERVICE_GRPC,
        to: adapter(GRPC.name),
        wanted: 4,
      }),
      compared(measured, {
        promise: "GetEntry by Connect JSON on HTTP/1.1, memory: of Connect's own adapter",
        of: SERVICE_JSON,
        to: adapter(CONNECT_JSON_H1.name),
        wanted: 2,
      }),
    ],
  };
}
