/** The service on Redis and FerretDB, beside what one would write to reach Redis over gRPC instead. */
import { createClient } from "redis";
import { startFerret } from "../../scripts/stores/ferret.ts";
import { type RedisProcess, startRedis } from "../../scripts/stores/redis.ts";
import { GET_ENTRY, GET_TASK, VALUE } from "../loads/calls.ts";
import { loadCase, serviceName } from "../loads/load.ts";
import { GRPC, showing } from "../loads/protocols.ts";
import { type ServerProcess, startProcess } from "../run/processes.ts";
import type { Case, Measured } from "../run/rounds.ts";
import { named, throughputRow } from "../run/rows.ts";
import type { Row } from "../run/table.ts";
import type { Setting } from "../servers/everything-on.ts";
import { buildGoGateway } from "../servers/go-gateway.ts";
import { ALL_CORES, startBare, startService } from "../servers/service.ts";
import type { Add } from "../servers/together.ts";
import { compared } from "./compared.ts";
import type { Bench, Target } from "./section.ts";

const GO = "grpc-go and go-redis, GET, gRPC";
const GRPC_JS = "grpc-js and node-redis, GET, gRPC";
const ALL = "service on all cores, GetEntry, gRPC";
export const ONE = serviceName(GET_ENTRY, GRPC);
export const FAST = serviceName(GET_TASK, GRPC);
/** What GET_ENTRY asks for, as the bare servers take it: the key as it is. */
export const GET_ENTRY_KEY = "bench";

export interface BesideGateways {
  readonly store: RedisProcess;
  /** The service in one process. */
  readonly one: ServerProcess;
  readonly cases: readonly Case[];
  /** Of one more service on the same stores. */
  envOf(name: string): Readonly<Record<string, string>>;
}

export async function besideGateways(
  { say }: Bench,
  add: Add,
  { env, headers }: Setting,
): Promise<BesideGateways> {
  const gateway = await buildGoGateway(say);
  const store = await add(startRedis());
  const ferret = await add(startFerret());
  const client = await createClient({ url: store.url }).connect();
  await client.set(GET_ENTRY_KEY, VALUE);
  client.destroy();
  // Each its own database, since the document store's locks are those of one process.
  const envOf = (name: string) => ({
    REDIS_URL: store.url,
    REDIS_PREFIX: name,
    MONGODB_URI: ferret.uri,
    MONGODB_DATABASE: name,
  });
  const grpcJs = await add(startBare("grpc-js", store.url));
  const go = await add(startProcess({ path: gateway, args: [store.url] }));
  const one = await add(startService({ ...envOf("one"), ...env }, headers));
  const all = ALL_CORES && (await add(startService({ ...envOf("all"), ...ALL_CORES, ...env }, headers)));
  const protocol = showing(headers, GRPC);
  return {
    store,
    one,
    envOf,
    cases: [
      loadCase(GO, go, GET_ENTRY, GRPC),
      ...(all === undefined ? [] : [loadCase(ALL, all, GET_ENTRY, protocol)]),
      loadCase(GRPC_JS, grpcJs, GET_ENTRY, GRPC),
      loadCase(ONE, one, GET_ENTRY, protocol),
      loadCase(FAST, one, GET_TASK, protocol),
    ],
  };
}

export function gatewayRows(measured: readonly Measured[]): readonly Row[] {
  const reference = { to: named(measured, GO), name: "grpc-go" };
  return measured.map((figure) => throughputRow(figure, reference));
}

export function gatewayTargets(measured: readonly Measured[], { suffix }: Setting): readonly Target[] {
  const onAllCores = {
    promise: `GetEntry by gRPC on Redis, WORKERS=auto${suffix}: of grpc-go doing the GET`,
    of: ALL,
    to: GO,
    wanted: 1.3,
  };
  return [
    compared(measured, {
      promise: `GetEntry by gRPC on Redis, one process${suffix}: of grpc-js doing the GET`,
      of: ONE,
      to: GRPC_JS,
      wanted: 1,
    }),
    ...(ALL_CORES === undefined ? [] : [compared(measured, onAllCores)]),
    compared(measured, {
      promise: `GetTask FAST on Redis${suffix}: of GetEntry`,
      of: FAST,
      to: ONE,
      wanted: 0.85,
    }),
  ];
}
