/** GetEntry from the embedded stores, beside bare servers that answer without looking at what was asked. */
import { GET_ENTRY } from "../loads/calls.ts";
import { loadCase, serviceName } from "../loads/load.ts";
import { CONNECT_JSON_H1, GRPC, showing } from "../loads/protocols.ts";
import type { ServerProcess } from "../run/processes.ts";
import type { Case, Measured } from "../run/rounds.ts";
import { named, throughputRow } from "../run/rows.ts";
import type { Row } from "../run/table.ts";
import type { Setting } from "../servers/everything-on.ts";
import { startBare, startService } from "../servers/service.ts";
import type { Add } from "../servers/together.ts";
import { compared } from "./compared.ts";
import type { Target } from "./section.ts";

const ECHO2 = "bare node:http2, gRPC";
const ECHO1 = "bare node:http, JSON, HTTP/1.1";
export const SERVICE_GRPC = serviceName(GET_ENTRY, GRPC);
export const SERVICE_JSON = serviceName(GET_ENTRY, CONNECT_JSON_H1);

export async function besideEchoes(
  add: Add,
  { env, headers }: Setting,
): Promise<{ readonly ours: ServerProcess; readonly grpc: readonly Case[]; readonly json: readonly Case[] }> {
  const echo2 = await add(startBare("echo-h2"));
  const echo1 = await add(startBare("echo-http"));
  const ours = await add(startService(env, headers));
  return {
    ours,
    grpc: [
      loadCase(ECHO2, echo2, GET_ENTRY, GRPC),
      loadCase(SERVICE_GRPC, ours, GET_ENTRY, showing(headers, GRPC)),
    ],
    json: [
      loadCase(ECHO1, echo1, GET_ENTRY, CONNECT_JSON_H1),
      loadCase(SERVICE_JSON, ours, GET_ENTRY, showing(headers, CONNECT_JSON_H1)),
    ],
  };
}

export function echoRows(measured: readonly Measured[]): readonly Row[] {
  const [floor2, floor1] = [named(measured, ECHO2), named(measured, ECHO1)];
  return measured.map((one) =>
    throughputRow(
      one,
      one.name.endsWith("HTTP/1.1")
        ? { to: floor1, name: "bare node:http" }
        : { to: floor2, name: "bare node:http2" },
    ),
  );
}

export function echoTargets(measured: readonly Measured[], { suffix }: Setting): readonly Target[] {
  return [
    compared(measured, {
      promise: `GetEntry by gRPC, memory${suffix}: of the bare node:http2 echo`,
      of: SERVICE_GRPC,
      to: ECHO2,
      wanted: 0.7,
    }),
    compared(measured, {
      promise: `GetEntry by Connect JSON on HTTP/1.1, memory${suffix}: of the bare node:http echo`,
      of: SERVICE_JSON,
      to: ECHO1,
      wanted: 0.5,
    }),
  ];
}
