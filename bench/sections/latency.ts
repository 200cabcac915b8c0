/** How long calls take at rates below saturation, sent when they are due whether or not others were answered. */
import { createClient } from "redis";
import { startFerret } from "../../scripts/stores/ferret.ts";
import { startRedis } from "../../scripts/stores/redis.ts";
import { GET_ENTRY, GET_TASK, VALUE } from "../loads/calls.ts";
import { h2load, h2loadOpen } from "../loads/h2load.ts";
import { GRPC } from "../loads/protocols.ts";
import { probe } from "../loads/target.ts";
import { median, quantile } from "../run/median.ts";
import { startProcess } from "../run/processes.ts";
import type { Row } from "../run/table.ts";
import { whole } from "../run/table.ts";
import { buildGoGateway } from "../servers/go-gateway.ts";
import { startBare, startService } from "../servers/service.ts";
import { type Add, together } from "../servers/together.ts";
import type { Bench, Outcome, Section } from "./section.ts";

const RATES = [1_000, 3_000, 5_000];
const QUICK_RATES = [1_000];
const SHARES = [0.5, 0.99, 0.999];

export const latency: Section = {
  name: "latency",
  always: true,
  inQuick: true,
  run: (bench) => together((add) => measure(bench, add)),
};

async function measure({ options, say }: Bench, add: Add): Promise<Outcome> {
  const gateway = await buildGoGateway(say);
  say("latency: starting the stores and the servers");
  const store = await add(startRedis());
  const ferret = await add(startFerret());
  const client = await createClient({ url: store.url }).connect();
  await client.set("bench", VALUE);
  client.destroy();
  const onRedis = await add(startService({ REDIS_URL: store.url, MONGODB_URI: ferret.uri }));
  const servers = [
    {
      name: "grpc-go and go-redis, GET",
      server: await add(startProcess({ path: gateway, args: [store.url] })),
    },
    { name: "grpc-js and node-redis, GET", server: await add(startBare("grpc-js", store.url)) },
    { name: "service on Redis, GetEntry", server: onRedis },
    { name: "service on Redis, GetTask FAST", server: onRedis, call: GET_TASK },
    { name: "service on memory, GetEntry", server: await add(startService()) },
  ];

  const rows: Row[] = [];
  for (const rate of options.quick ? QUICK_RATES : RATES) {
    for (const { name, server, call = GET_ENTRY } of servers) {
      const target = { port: server.port, call, protocol: GRPC };
      // Once, as fast as it goes, so that no server is measured with code that was never compiled.
      await h2load(target, await probe(target), 1);
      const runs: (readonly number[])[] = [];
      for (let run = 0; run < options.runs; run++) {
        runs.push(await h2loadOpen(target, rate, options.seconds));
      }
      const shares = SHARES.map((share) => median(runs.map((calls) => quantile(calls, share))));
      const reached = median(runs.map((calls) => calls.length)) / options.seconds;
      say(`latency, ${rate}/s: ${name}: p99 ${shares[1]?.toFixed(2)} ms`);
      rows.push({
        what: `${name}, gRPC, ${whole(rate)}/s`,
        figure: shares.map((ms) => ms.toFixed(2)).join(" / "),
        note: reached < 0.97 * rate ? `saturated: ${whole(reached)}/s reached` : "",
      });
    }
  }
  return { title: "Latency at a fixed rate: p50 / p99 / p99.9 in ms", rows, targets: [] };
}
