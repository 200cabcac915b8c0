import type { JsonObject } from "../../../src/json.ts";
import { checkHistory } from "../../support/history/check.ts";
import type { History, HotState, Operation, Violation } from "../../support/history/operation.ts";
import type { Plant } from "../../support/virtual/plant.ts";
import { Chance } from "./chance.ts";
import { Clients } from "./clients.ts";
import { Clockwork } from "./clockwork.ts";
import { Cluster } from "./cluster.ts";
import { scheduleFaults } from "./faults.ts";
import { tasks } from "./tasks-workload.ts";
import { things } from "./things-workload.ts";
import type { Workload } from "./workload.ts";

export interface Simulated {
  readonly seed: number;
  readonly operations: readonly Operation[];
  readonly faults: readonly string[];
  readonly violations: readonly Violation[];
  /** How many events happened. */
  readonly events: number;
}

/** The longest pause before a generation is opened again, and some. */
const RECOVERY_MS = 150_000;
/** The longest that what is under way may take. */
const LATE_MS = 8_000;
const CLIENTS = 8;
/** An answer may say `degraded` for some time after the durable store is back: until the next renewal. */
const DEGRADED_SLACK_MS = 7_000;

/** One world from one seed: clients under faults, then peace, then the judgement. */
export async function simulate(seed: number, plant: Plant = {}): Promise<Simulated> {
  const chance = new Chance(seed);
  const clock = new Clockwork();
  const workload = chance.pick([things, tasks]);
  const cluster = new Cluster(clock, chance, workload, plant);
  const clients = new Clients(cluster, workload, chance);
  await clock.run(1_000);
  // Many calls that meet, or fewer over a longer time.
  const [thinkMs, stormMs] = chance.weighted([
    [3, [4, 4_000]],
    [2, [20, 6_000]],
    [1, [100, 15_000]],
  ]);
  const until = clock.now + stormMs;
  clients.start(CLIENTS, thinkMs, until);
  const faults = scheduleFaults(cluster, chance, clock.now, until);
  await clock.run(until);
  cluster.heal();
  const violations: Violation[] = [];
  await clock.run(clock.now + LATE_MS);
  const recovered = await clock.run(clock.now + RECOVERY_MS, () => isWell(cluster) && !clients.busy);
  if (!recovered) {
    const modes = cluster.processes.map(({ name, generation }) => `${name}: ${generation.view?.mode}`).join();
    violations.push({ invariant: "L2", name: "not_recovered", key: "", message: modes });
  } else {
    violations.push(...(await readAll(cluster, clients, workload)));
  }
  const final = new Map(workload.keys.map((key) => [key, workload.final(cluster.documents, key)] as const));
  const durableOutages = cluster.durableOutages.map(({ from, until }) => ({
    from,
    until: until + DEGRADED_SLACK_MS,
  }));
  const { operations } = clients;
  violations.push(
    ...checkHistory({
      operations,
      final,
      durableOutages,
      hot: recovered ? hotStates(cluster, workload, final) : [],
      ...(workload.legal === undefined ? {} : { legal: workload.legal }),
    }),
  );
  return { seed, operations, faults, violations, events: clock.happened };
}

function isWell(cluster: Cluster): boolean {
  return cluster.processes.every(
    ({ generation }) => generation.namespace !== undefined && !generation.durableDown,
  );
}

/** Every key, strong and fast, by every process: all of it is answered, and what is hot is what is durable. */
async function readAll(
  cluster: Cluster,
  clients: Clients,
  workload: Workload,
): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  for (const { name } of cluster.processes) {
    for (const key of workload.keys) {
      for (const consistency of ["strong", "fast"] as const) {
        let read: Operation | undefined;
        void clients.call(workload.read(key, consistency, 0), name, 5_000).then((operation) => {
          read = operation;
        });
        await cluster.clock.run(cluster.clock.now + 10_000, () => read !== undefined);
        if (read?.outcome === undefined || read.outcome === "failed" || read.degraded) {
          const message = `after the faults, ${name}'s ${consistency} read answered ${read?.reason ?? "nothing"}`;
          violations.push({ invariant: "L2", name: "unanswered", key, message });
        }
      }
    }
  }
  return violations;
}

/** What the namespace in force holds. */
function hotStates(cluster: Cluster, workload: Workload, final: History["final"]): readonly HotState[] {
  const number = cluster.processes[0]?.generation.namespace;
  return workload.keys.flatMap((key) => {
    const entry = cluster.hot?.entry({ generation: number ?? -1, key: `${workload.kind.hotPrefix}/${key}` });
    if (entry?.value === undefined) return [];
    const value =
      workload.valueOf(JSON.parse(entry.value) as JsonObject) ?? final.get(key)?.at(-1)?.value ?? "";
    const ttlMs = Number.isFinite(entry.expiresAt) ? entry.expiresAt - cluster.clock.now : undefined;
    return [{ key, revision: entry.revision, value, ttlMs }];
  });
}
