/** The service on its embedded stores: what the port itself costs. */
import { CALLS, GET_ENTRY } from "../loads/calls.ts";
import { loadCase } from "../loads/load.ts";
import { CONNECT_BINARY, CONNECT_JSON_H1, GRPC, PROTOCOLS } from "../loads/protocols.ts";
import { type Case, measureInRounds, ratio } from "../run/rounds.ts";
import { named, throughputRow } from "../run/rows.ts";
import { LANE_OFF, startBare, startService } from "../servers/service.ts";
import { type Add, together } from "../servers/together.ts";
import type { Bench, Outcome, Section } from "./section.ts";

const ECHO2 = "bare node:http2, gRPC";
const ECHO1 = "bare node:http, JSON, HTTP/1.1";
const adapter = (protocol: string) => `Connect's adapter GetEntry, ${protocol}`;
const service = (call: string, protocol: string) => `service ${call}, ${protocol}`;
const SERVICE_GRPC = service(GET_ENTRY.name, GRPC.name);
const SERVICE_JSON = service(GET_ENTRY.name, CONNECT_JSON_H1.name);

export const memory: Section = {
  name: "memory",
  always: true,
  inQuick: true,
  run: (bench) => together((add) => measure(bench, add)),
};

async function measure({ options, say }: Bench, add: Add): Promise<Outcome> {
  say("memory: starting the service and the bare servers");
  const echo2 = await add(startBare("echo-h2"));
  const echo1 = await add(startBare("echo-http"));
  const adapter2 = await add(startBare("connect-adapter", "http2"));
  const adapter1 = await add(startBare("connect-adapter", "http"));
  const ours = await add(startService());
  const laneOff = LANE_OFF && (await add(startService(LANE_OFF)));

  // What is compared stands side by side, so that it is measured within seconds of each other.
  const cases: Case[] = [
    loadCase(ECHO2, echo2, GET_ENTRY, GRPC),
    loadCase(SERVICE_GRPC, ours, GET_ENTRY, GRPC),
    loadCase(adapter(GRPC.name), adapter2, GET_ENTRY, GRPC),
    loadCase(ECHO1, echo1, GET_ENTRY, CONNECT_JSON_H1),
    loadCase(SERVICE_JSON, ours, GET_ENTRY, CONNECT_JSON_H1),
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
      PROTOCOLS.map((protocol) => loadCase(service(call.name, protocol.name), ours, call, protocol)),
    );
    cases.push(...others.filter(({ name }) => name !== SERVICE_GRPC && name !== SERVICE_JSON));
  }

  const measured = await measureInRounds(cases, options, (text) => say(`memory, ${text}`));
  const [floor2, floor1] = [named(measured, ECHO2), named(measured, ECHO1)];
  return {
    title: "Memory and SQLite, one process",
    rows: measured.map((one) =>
      throughputRow(
        one,
        one.name.endsWith("HTTP/1.1")
          ? { to: floor1, name: "bare node:http" }
          : { to: floor2, name: "bare node:http2" },
      ),
    ),
    targets: [
      {
        promise: "GetEntry by gRPC, memory: of the bare node:http2 echo",
        limit: "at least",
        wanted: 0.7,
        measured: ratio(named(measured, SERVICE_GRPC), floor2),
        unit: "x",
      },
      {
        promise: "GetEntry by gRPC, memory: of Connect's own adapter",
        limit: "at least",
        wanted: 4,
        measured: ratio(named(measured, SERVICE_GRPC), named(measured, adapter(GRPC.name))),
        unit: "x",
      },
      {
        promise: "GetEntry by Connect JSON on HTTP/1.1, memory: of the bare node:http echo",
        limit: "at least",
        wanted: 0.5,
        measured: ratio(named(measured, SERVICE_JSON), floor1),
        unit: "x",
      },
      {
        promise: "GetEntry by Connect JSON on HTTP/1.1, memory: of Connect's own adapter",
        limit: "at least",
        wanted: 2,
        measured: ratio(named(measured, SERVICE_JSON), named(measured, adapter(CONNECT_JSON_H1.name))),
        unit: "x",
      },
    ],
  };
}
