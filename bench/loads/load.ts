/** One server under one call in one protocol, as a case among others. */
import { cpuSeconds, type ServerProcess } from "../run/processes.ts";
import type { Case } from "../run/rounds.ts";
import type { Call } from "./calls.ts";
import { h2load } from "./h2load.ts";
import type { Protocol } from "./protocols.ts";
import { probe } from "./target.ts";
import { wrk } from "./wrk.ts";

/** What a case of the service is named. */
export function serviceName(call: Call, protocol: Protocol): string {
  return `service ${call.name}, ${protocol.name}`;
}

export function loadCase(name: string, server: ServerProcess, call: Call, protocol: Protocol): Case {
  const target = { port: server.port, call, protocol };
  return {
    name,
    async measure(seconds) {
      const answerBytes = await probe(target);
      const [cpu, began] = [cpuSeconds(server.pid), performance.now()];
      const load =
        protocol.http === "2" ? await h2load(target, answerBytes, seconds) : await wrk(target, seconds);
      const cores = (cpuSeconds(server.pid) - cpu) / ((performance.now() - began) / 1000);
      return { ...load, cores };
    },
  };
}
