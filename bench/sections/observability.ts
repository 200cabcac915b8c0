/** What it costs that the service says what it does, and asks who calls. Metrics are always kept. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { GET_ENTRY } from "../loads/calls.ts";
import { loadCase } from "../loads/load.ts";
import { GRPC } from "../loads/protocols.ts";
import { type Case, measureInRounds, ratio } from "../run/rounds.ts";
import { named, throughputRow } from "../run/rows.ts";
import { startBare, startService } from "../servers/service.ts";
import { type Add, together } from "../servers/together.ts";
import type { Bench, Outcome, Section } from "./section.ts";

const SILENT = "no call in the log";
const SAMPLED = "every call in the log, and traces of 1 %";
const ECHO = "bare node:http2";
const ALL = "everything on, and callers show tokens";
const WAYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [SILENT]: { LOG_EVERY: "0" },
  "one call in 100 in the log": { LOG_EVERY: "100" },
  "every call in the log": {},
};

export const observability: Section = {
  name: "observability",
  always: false,
  inQuick: false,
  run: (bench) => together((add) => measure(bench, add)),
};

async function measure({ options, say }: Bench, add: Add): Promise<Outcome> {
  say("observability: starting the service in each way");
  const collector = await add(startCollector());
  const traces = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.01",
  };
  const { token, ...secured } = await add(makeToken());
  const authorized = { ...GRPC, headers: { ...GRPC.headers, authorization: `Bearer ${token}` } };
  const strict = await add(
    startService({ ...traces, AUTH_FILE: secured.file }, { authorization: `Bearer ${token}` }),
  );
  const cases: Case[] = [
    loadCase(ECHO, await add(startBare("echo-h2")), GET_ENTRY, GRPC),
    loadCase(ALL, strict, GET_ENTRY, authorized),
  ];
  for (const [name, env] of Object.entries({ ...WAYS, [SAMPLED]: traces })) {
    cases.push(loadCase(name, await add(startService(env)), GET_ENTRY, GRPC));
  }
  const measured = await measureInRounds(cases, options, (text) => say(`observability, ${text}`));
  const floor = named(measured, SILENT);
  return {
    title: "GetEntry by gRPC, by what is written down of it",
    rows: measured.map((one) => throughputRow(one, { to: floor, name: SILENT })),
    targets: [
      {
        promise: "every call in the log and traces of 1 %: of the same without",
        limit: "at least",
        wanted: 0.9,
        measured: ratio(named(measured, SAMPLED), floor),
        unit: "x",
      },
      {
        promise: "tokens, limits, log, metrics and traces of 1 %: of the bare node:http2 echo",
        limit: "at least",
        wanted: 0.7,
        measured: ratio(named(measured, ALL), named(measured, ECHO)),
        unit: "x",
      },
    ],
  };
}

const TOKEN = fileURLToPath(new URL("../../scripts/token/main.ts", import.meta.url));

/** A file with the hash of a token that may do all that the calls do. */
async function makeToken(): Promise<{
  readonly file: string;
  readonly token: string;
  stop(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "dbconn-token-"));
  const file = join(folder, "auth.json");
  const scopes = ["cache", "task", "schema"].flatMap((area) => ["--scope", `${area}:admin`]);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[TOKEN, "add", "bench", ...scopes],
    ...["--file", file],
  ]);
  return { file, token: stdout.trim(), stop: () => rm(folder, { recursive: true }) };
}

/** Takes spans as a collector would, and drops them. */
async function startCollector(): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    request.once("end", () => response.end());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
