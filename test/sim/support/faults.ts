import type { Chance } from "./chance.ts";
import { type Cluster, PROCESS_NAMES } from "./cluster.ts";

/** A disturbance that begins now; it ends by itself. */
type Fault = (cluster: Cluster, chance: Chance) => void;

const SECOND_MS = 1_000;

const FAULTS: readonly [
  readonly [number, readonly [string, Fault]],
  ...(readonly [number, readonly [string, Fault]])[],
] = [
  [
    3,
    [
      "kill",
      (cluster, chance) => {
        const name = chance.pick(PROCESS_NAMES);
        cluster.kill(name);
        cluster.later(chance.between(10, 4 * SECOND_MS), () => cluster.start(name));
      },
    ],
  ],
  [
    3,
    [
      "pause",
      (cluster, chance) => {
        const ms = chance.between(50, 4 * SECOND_MS);
        // Once it goes on, it may take the durable store to be away until that has answered.
        cluster.noteDurableOutage(ms);
        cluster.process(chance.pick(PROCESS_NAMES))?.pause(ms);
      },
    ],
  ],
  [2, ["flush", (cluster) => cluster.hot?.clear()]],
  [2, ["hot restart, empty", (cluster, chance) => restart(cluster, chance, "nothing")]],
  [2, ["hot restart, old dump", (cluster, chance) => restart(cluster, chance, "dump")]],
  [2, ["hot failover", (cluster, chance) => cluster.failOver(chance.between(0, 3 * SECOND_MS))]],
  [2, ["hot frozen", (cluster, chance) => freeze(cluster, "hot", chance.between(50, 2 * SECOND_MS))]],
  [
    2,
    [
      "cut from hot",
      (cluster, chance) => {
        const name = chance.pick(PROCESS_NAMES);
        cluster.cutFromHot(name);
        cluster.later(chance.between(10, 4 * SECOND_MS), () => cluster.mendHot(name));
      },
    ],
  ],
  [2, ["durable away", (cluster, chance) => cutFromDurable(cluster, chance)]],
  [
    2,
    [
      "durable frozen",
      (cluster, chance) => {
        const ms = chance.between(50, 3 * SECOND_MS);
        cluster.noteDurableOutage(ms);
        freeze(cluster, "durable", ms);
      },
    ],
  ],
  [2, ["cut from durable", (cluster, chance) => cutFromDurable(cluster, chance, chance.pick(PROCESS_NAMES))]],
  [
    3,
    [
      "bad network",
      (cluster, chance) => {
        const store = chance.pick(["hot", "durable"] as const);
        const trouble = cluster.weather.of[store];
        trouble.unsent = chance.between(0, 0.2);
        trouble.lost = chance.between(0, 0.3);
        trouble.slow = chance.between(0, 0.2);
        const ms = chance.between(100, 2 * SECOND_MS);
        if (store === "durable") cluster.noteDurableOutage(ms);
        cluster.later(ms, () => {
          trouble.unsent = trouble.lost = trouble.slow = 0;
        });
      },
    ],
  ],
];

/** Strikes at chance moments until then, and answers what was done, in its order. */
export function scheduleFaults(
  cluster: Cluster,
  chance: Chance,
  fromMs: number,
  untilMs: number,
): readonly string[] {
  const names: string[] = [];
  for (let dumps = 0; dumps < 4; dumps++)
    cluster.clock.at(chance.between(fromMs, untilMs), () => cluster.takeDump());
  const meanMs = chance.between(0.05, 0.4) * (untilMs - fromMs);
  for (let at = fromMs + chance.between(0, meanMs); at < untilMs; at += chance.between(0, 2 * meanMs)) {
    const [name, strike] = chance.weighted(FAULTS);
    names.push(name);
    cluster.clock.at(at, () => strike(cluster, chance));
  }
  return names;
}

function restart(cluster: Cluster, chance: Chance, from: "nothing" | "dump"): void {
  cluster.stopHot();
  cluster.later(chance.between(5, 4 * SECOND_MS), () => cluster.startHot(from));
}

function freeze(cluster: Cluster, store: "hot" | "durable", ms: number): void {
  cluster.weather.of[store].frozenUntil = cluster.clock.now + ms;
}

function cutFromDurable(cluster: Cluster, chance: Chance, name?: string): void {
  const ms = chance.between(50, 4 * SECOND_MS);
  cluster.cutFromDurable(name);
  cluster.noteDurableOutage(ms);
  cluster.later(ms, () => cluster.mendDurable(name));
}
