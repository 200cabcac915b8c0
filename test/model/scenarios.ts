// The small cases that are explored. Each is safe under the real protocol, and each planted one breaks in one of them.
import type { Action } from "../support/virtual/things.ts";
import { type ClientPlan, type Fault, KEY, type Scenario } from "./support/scenario.ts";

const key = KEY;
const fast: Action = { kind: "read", key, consistency: "fast" };
const strong: Action = { kind: "read", key, consistency: "strong" };
const write = (value: string): Action => ({ kind: "write", key, value });
const compareAndSet = (value: string, expected: number): Action => ({ kind: "write", key, value, expected });

function client(name: string, ...actions: Action[]): ClientPlan {
  return { name, process: "A", actions };
}
function on(process: string, plan: ClientPlan): ClientPlan {
  return { ...plan, process };
}
function after(name: string, plan: ClientPlan): ClientPlan {
  return { ...plan, after: [name] };
}

export const flush: Fault = { name: "flush", times: 1, strike: (world) => world.hot.clear() };
export const loseFloor: Fault = {
  name: "the floor goes alone",
  times: 1,
  strike: (world) => world.hot.tamper((entry) => ({ ...entry, floor: 0 })),
};
const dump: Fault = {
  name: "dump",
  times: 1,
  strike: (world) => {
    world.copied = world.hot.copy("Y");
  },
};
/** The same server to everybody's eyes, with what it held before. */
export const silentOldCopy: readonly Fault[] = [
  dump,
  {
    name: "the old copy comes back unnoticed",
    times: 1,
    possible: (world) => world.copied !== undefined,
    strike: (world) => world.copied && world.hot.restore(world.copied),
  },
];
const oldCopy: readonly Fault[] = [
  dump,
  {
    name: "restart with the old copy",
    times: 1,
    possible: (world) => world.copied !== undefined,
    strike: (world) => {
      if (world.copied === undefined) return;
      world.network.cutAll(world.hot);
      for (const process of world.generations.keys()) world.network.connect(process, world.copied);
    },
  },
];
function kill(name: string): Fault {
  return {
    name: `kill ${name}`,
    times: 1,
    possible: (world) => !world.stepper.isDead(name),
    strike: (world) => world.stepper.kill(name),
  };
}
/** Only this process moves to a replica that has what the old master had; the others stay on the old master. */
function failover(process: string): Fault {
  return {
    name: `failover of ${process}`,
    times: 1,
    strike: (world) => {
      world.copied ??= world.hot.copy("Y");
      world.network.connect(process, world.copied);
    },
  };
}
function outage(process: string): readonly Fault[] {
  return [
    { name: `${process} loses the hot store`, times: 1, strike: (world) => world.network.cut(process) },
    {
      name: `${process} has the hot store again`,
      times: 1,
      possible: (world) => world.network.linkOf(process)?.up === false,
      strike: (world) => world.network.connect(process, world.hot),
    },
  ];
}

function firstContact(...processes: string[]): Fault {
  return {
    name: `${processes.join(" and ")} reach the hot store`,
    times: 1,
    strike: (world) => {
      for (const process of processes) world.network.connect(process, world.hot);
    },
  };
}

const L = 1_000;
/** Longer than a lease and its margin. */
const PAST_THE_WAIT_MS = 1_300;
const HALF_THE_WAIT_MS = 650;
const PAST_A_FILL_LEASE_MS = 2_100;

/** One process under a lease that does not end: commit, confirm, help. */
export const steady = {
  writersAndReaders: {
    name: "two writers, two fast readers, one strong reader",
    processes: ["A"],
    clients: [
      client("W1", write("w1")),
      client("W2", write("w2")),
      client("F1", fast),
      client("F2", fast),
      client("S1", strong),
    ],
  },
  hotKey: {
    name: "a hot key: a writer, a strong reader, a fast one after it",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    clients: [
      client("W1", write("w1")),
      client("W2", write("w2")),
      client("S1", strong),
      client("F1", fast, fast),
    ],
  },
  refusal: {
    name: "a refused compare-and-set beside a writer, on a hot key",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    clients: [client("W1", write("w1")), client("C1", compareAndSet("c1", 1)), client("F1", fast, fast)],
  },
  impatient: {
    name: "a fast reader who does not get the fill lease",
    processes: ["A"],
    prepared: { revision: 1 },
    clientTicks: 5,
    clients: [
      client("W1", write("w1")),
      client("F1", fast),
      client("F2", fast),
      after("F2", client("F3", fast)),
    ],
  },
  lateFill: {
    name: "a fill lease that ends before its fill",
    processes: ["A"],
    prepared: { revision: 1 },
    leaps: { times: 1, ms: PAST_A_FILL_LEASE_MS },
    clients: [
      client("W1", write("w1")),
      client("F1", fast),
      client("F2", fast),
      after("F1", client("F3", fast)),
    ],
  },
  loss: {
    name: "loss of the hot store between two writers",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    faults: [flush],
    clients: [
      client("W1", write("w1")),
      client("W2", write("w2")),
      client("F1", fast, fast),
      client("S1", strong),
    ],
  },
  help: {
    name: "a strong reader between a fill lease and its fill",
    processes: ["A"],
    prepared: { revision: 1 },
    clients: [
      client("W1", write("w1")),
      client("F1", fast),
      client("S1", strong),
      after("S1", client("F2", fast)),
    ],
  },
  lossWhileFilling: {
    name: "loss of the hot store while readers fill",
    processes: ["A"],
    prepared: { revision: 1 },
    faults: [flush],
    clients: [client("W1", write("w1")), client("F1", fast), client("F2", fast), client("S1", strong)],
  },
  dyingWriter: {
    name: "a writer that is killed at any step",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    faults: [kill("W1"), flush],
    clients: [
      client("W1", write("w1")),
      client("C1", compareAndSet("c1", 2)),
      client("F1", fast, fast),
      client("S1", strong),
    ],
  },
  dyingReader: {
    name: "a reader that is killed with the fill lease in its hands",
    processes: ["A"],
    prepared: { revision: 1 },
    faults: [kill("F1")],
    leaps: { times: 1, ms: PAST_A_FILL_LEASE_MS },
    clients: [client("W1", write("w1")), client("F1", fast), client("F2", fast, fast)],
  },
  troubledCalls: {
    name: "calls that are lost, late or doubled",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    endings: { unsent: 1, lost: 1, late: 1, twice: 1 },
    clients: [client("W1", write("w1")), client("F1", fast, fast)],
  },
  doubledConfirm: {
    name: "late duplicates, and loss of the hot store",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    endings: { twice: 1 },
    faults: [flush],
    clients: [client("W1", write("w1"), write("w2")), client("F1", fast, fast)],
  },
  repeatedRequest: {
    name: "one request sent twice at once, and its answer lost",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    endings: { lost: 1, late: 1 },
    clients: [
      client("W1", { ...write("w1"), requestId: "r" } as Action),
      client("W2", { ...write("w1"), requestId: "r" } as Action),
      client("F1", fast, fast),
    ],
  },
  refusedInDoubt: {
    name: "a write in doubt is sent again and refused, and its first sending comes late",
    processes: ["A"],
    prepared: { revision: 1 },
    endings: { late: 1 },
    clientTicks: 1,
    clients: [
      client("W1", { kind: "write", key, value: "w1", from: ["open"] }),
      client("W2", { kind: "write", key, value: "w2", state: "open" }),
      after("W2", client("S1", strong)),
    ],
  },
  coldKey: {
    name: "many readers of a cold key",
    processes: ["A"],
    prepared: { revision: 1 },
    clientTicks: 5,
    mustBeHot: true,
    clients: [client("F1", fast), client("F2", fast), client("S1", strong)],
  },
  unnoticed: {
    name: "a writer and a reader of a hot key",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    clients: [client("W1", write("w1")), client("F1", fast, fast)],
  },
  oldCopy: {
    name: "an old copy of the hot store comes back",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    leaseMs: L,
    faults: oldCopy,
    clients: [client("W1", write("w1")), client("F1", fast, fast)],
  },
} as const satisfies Record<string, Scenario>;

/** Two processes under leases that end: the generation. */
export const leases = {
  failover: {
    name: "one process sees the new master, the other the old one",
    processes: ["A", "B"],
    prepared: { revision: 1, hot: true },
    leaseMs: L,
    faults: [failover("A")],
    ticks: { A: 2, B: 2 },
    strides: { ms: PAST_THE_WAIT_MS, times: { A: 3, B: 2 } },
    clients: [on("A", client("W1", write("w1"))), after("W1", on("B", client("F1", fast)))],
  },
  opening: {
    name: "the hot store comes back while the other process still writes to the durable one alone",
    processes: ["A", "B"],
    prepared: { revision: 1 },
    leaseMs: L,
    startsBypassed: true,
    faults: [firstContact("A"), firstContact("B")],
    ticks: { A: 2, B: 2 },
    strides: { ms: PAST_THE_WAIT_MS, times: { A: 2, B: 1 } },
    clients: [
      on("B", client("W1", write("w1"))),
      on("A", client("F1", fast)),
      after("F1", on("A", client("F2", fast))),
    ],
  },
  openingReaders: {
    name: "a reader of the opening generation beside one of the opened one",
    processes: ["A", "B"],
    prepared: { revision: 1 },
    leaseMs: L,
    startsBypassed: true,
    faults: [firstContact("A", "B")],
    ticks: { A: 1, B: 1 },
    opening: ["A and B reach", "tick A", "B goes on alone", "A goes on alone"],
    strides: { ms: HALF_THE_WAIT_MS, times: { A: 2, B: 1 } },
    clients: [
      on("A", client("W1", write("w1"))),
      on("B", client("S1", strong)),
      on("A", client("F1", fast)),
      { ...on("A", client("F2", fast)), after: ["F1", "S1"] },
    ],
  },
  heldRead: {
    name: "a fast reader's read of the durable store takes longer than a change of generation",
    processes: ["A", "B"],
    prepared: { revision: 1 },
    leaseMs: L,
    faults: [failover("A")],
    opening: ["F1 begins", "F1: getOrLease", "failover of A"],
    strides: { ms: PAST_THE_WAIT_MS, times: { A: 3 } },
    clients: [
      on("B", client("F1", fast)),
      on("A", client("F2", fast)),
      after("F2", on("A", client("W1", write("w1")))),
      { ...on("A", client("F3", fast)), after: ["F1", "F2"] },
    ],
  },
  outage: {
    name: "the hot store is away and comes back with what it held",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    leaseMs: L,
    faults: outage("A"),
    ticks: { A: 2 },
    strides: { ms: PAST_THE_WAIT_MS, times: { A: 3 } },
    clients: [on("A", client("W1", write("w1"))), after("W1", on("A", client("F1", fast)))],
  },
  bothAway: {
    name: "both stores go away for good",
    processes: ["A"],
    prepared: { revision: 1, hot: true },
    leaseMs: L,
    faults: [
      { name: "A loses the hot store", times: 1, strike: (world) => world.network.cut("A") },
      {
        name: "the durable store goes away",
        times: 1,
        strike: (world) => {
          world.durableUp = false;
        },
      },
    ],
    ticks: { A: 2 },
    clients: [client("W1", write("w1")), client("F1", fast)],
  },
  sharedOutage: {
    name: "the hot store is away for both, and comes back for each at its own time",
    processes: ["A", "B"],
    prepared: { revision: 1, hot: true },
    leaseMs: L,
    faults: [...outage("A"), ...outage("B")],
    ticks: { A: 2, B: 2 },
    strides: { ms: PAST_THE_WAIT_MS, times: { A: 2, B: 2 } },
    clients: [on("A", client("W1", write("w1"))), after("W1", on("B", client("F1", fast)))],
  },
} as const satisfies Record<string, Scenario>;
