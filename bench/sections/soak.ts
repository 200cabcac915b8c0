/** The service under a steady load for long, and whether its memory stays where it is. */
import { CALLS } from "../loads/calls.ts";
import { h2load } from "../loads/h2load.ts";
import { CONNECT_JSON_H1, GRPC } from "../loads/protocols.ts";
import { probe } from "../loads/target.ts";
import { wrk } from "../loads/wrk.ts";
import { median } from "../run/median.ts";
import { residentMb } from "../run/processes.ts";
import { whole } from "../run/table.ts";
import { startService } from "../servers/service.ts";
import { together } from "../servers/together.ts";
import type { Section } from "./section.ts";

/** Each call's turn of a round. */
const TURN_S = 1;
/** Caches, pools and code fill up in the first part; what counts is the rest. */
const FILLED = 1 / 3;
const MOST_GROWTH = 1.1;

export const soak: Section = {
  name: "soak",
  always: false,
  inQuick: false,
  run: ({ options, say }) =>
    together(async (add) => {
      const server = await add(startService());
      const samples: number[] = [];
      let calls = 0;
      const end = performance.now() + options.seconds * 1000;
      while (performance.now() < end) {
        for (const call of CALLS) {
          for (const protocol of [GRPC, CONNECT_JSON_H1]) {
            const target = { port: server.port, call, protocol };
            const bytes = await probe(target);
            const load = protocol === GRPC ? await h2load(target, bytes, TURN_S) : await wrk(target, TURN_S);
            calls += load.perSecond * TURN_S;
          }
        }
        samples.push(residentMb(server.pid));
        say(`soak: ${whole(samples.at(-1) ?? 0)} MB after ${whole(calls)} calls`);
      }
      const steady = samples.slice(Math.floor(samples.length * FILLED));
      const half = Math.ceil(steady.length / 2);
      const [before, after] = [median(steady.slice(0, half)), median(steady.slice(-half))];
      return {
        title: `Soak of ${options.seconds} s: every call in turn`,
        rows: [
          { what: "calls answered", figure: whole(calls) },
          {
            what: "resident memory, first and second half once filled",
            figure: `${whole(before)} and ${whole(after)} MB`,
            spread: `${whole(Math.min(...samples))} to ${whole(Math.max(...samples))} MB`,
          },
        ],
        targets: [
          {
            promise: "Memory at the end of the soak: of that once filled",
            limit: "at most",
            wanted: MOST_GROWTH,
            measured: after / before,
            unit: "x",
          },
        ],
      };
    }),
};
