/** The service on Redis and FerretDB, beside what one would write to reach Redis over gRPC instead. */
import { createClient } from "redis";
import { startFerret } from "../../scripts/stores/ferret.ts";
import { startRedis } from "../../scripts/stores/redis.ts";
import { CALLS, GET_ENTRY, GET_TASK, VALUE } from "../loads/calls.ts";
import { loadCase } from "../loads/load.ts";
import { CONNECT_JSON_H1, GRPC, PROTOCOLS } from "../loads/protocols.ts";
import { nodeRedisCase, redisBenchmarkCase } from "../loads/straight.ts";
import { startProcess } from "../run/processes.ts";
import { type Case, type Measured, measureInRounds, ratio } from "../run/rounds.ts";
import { named, throughputRow } from "../run/rows.ts";
import { buildGoGateway } from "../servers/go-gateway.ts";
import { ALL_CORES, LANE_OFF, startBare, startService } from "../servers/service.ts";
import { type Add, together } from "../servers/together.ts";
import type { Bench, Outcome, Section } from "./section.ts";

const GO = "grpc-go and go-redis, GET, gRPC";
const GRPC_JS = "grpc-js and node-redis, GET, gRPC";
const ALL = "service on all cores, GetEntry, gRPC";
const service = (call: string, protocol: string) => `service ${call}, ${protocol}`;
const ONE = service(GET_ENTRY.name, GRPC.name);
const FAST = service(GET_TASK.name, GRPC.name);

export const redis: Section = {
  name: "redis",
  always: true,
  inQuick: true,
  run: (bench) => together((add) => measure(bench, add)),
};

async function measure({ options, say }: Bench, add: Add): Promise<Outcome> {
  const gateway = await buildGoGateway(say);
  say("redis: starting the stores, the service and what is beside it");
  const store = await add(startRedis());
  const ferret = await add(startFerret());
  const client = await createClient({ url: store.url }).connect();
  await client.set(GET_ENTRY_KEY, VALUE);
  client.destroy();
  // Each its own database, since the document store's locks are those of one process.
  const env = (name: string) => ({
    REDIS_URL: store.url,
    REDIS_PREFIX: name,
    MONGODB_URI: ferret.uri,
    MONGODB_DATABASE: name,
  });
  const grpcJs = await add(startBare("grpc-js", store.url));
  const go = await add(startProcess({ path: gateway, args: [store.url] }));
  const one = await add(startService(env("one")));
  const laneOff = LANE_OFF && (await add(startService({ ...env("off"), ...LANE_OFF })));
  const all = ALL_CORES && (await add(startService({ ...env("all"), ...ALL_CORES })));

  const cases: Case[] = [
    loadCase(GO, go, GET_ENTRY, GRPC),
    ...(all === undefined ? [] : [loadCase(ALL, all, GET_ENTRY, GRPC)]),
    loadCase(GRPC_JS, grpcJs, GET_ENTRY, GRPC),
    loadCase(ONE, one, GET_ENTRY, GRPC),
    loadCase(FAST, one, GET_TASK, GRPC),
  ];
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
      ).map((protocol) => loadCase(service(call.name, protocol.name), one, call, protocol)),
    );
    cases.push(...others.filter(({ name }) => name !== ONE && name !== FAST));
  }

  const measured = await measureInRounds(cases, options, (text) => say(`redis, ${text}`));
  const reference = { to: named(measured, GO), name: "grpc-go" };
  return {
    title: "Redis and FerretDB",
    rows: measured.map((figure) => throughputRow(figure, reference)),
    targets: targetsOf(measured),
  };
}

/** What GET_ENTRY asks for, as the bare servers take it: the key as it is. */
const GET_ENTRY_KEY = "bench";

function targetsOf(measured: readonly Measured[]): Outcome["targets"] {
  const compare = (promise: string, of: string, to: string, wanted: number) => ({
    promise,
    limit: "at least" as const,
    wanted,
    measured: ratio(named(measured, of), named(measured, to)),
    unit: "x",
  });
  return [
    compare("GetEntry by gRPC on Redis, one process: of grpc-js doing the GET", ONE, GRPC_JS, 1),
    ...(ALL_CORES === undefined
      ? []
      : [compare("GetEntry by gRPC on Redis, WORKERS=auto: of grpc-go doing the GET", ALL, GO, 1.3)]),
    compare("GetTask FAST on Redis: of GetEntry", FAST, ONE, 0.85),
  ];
}
