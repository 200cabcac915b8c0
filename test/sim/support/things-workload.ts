import type { Objects } from "../../../src/consistency/objects.ts";
import { type Action, begun, finalHistory, perform, SPECS, THING } from "../../support/virtual/things.ts";
import type { Chance } from "./chance.ts";
import type { Call, Seen, Workload } from "./workload.ts";

const STATES = ["open", "busy", "done"] as const;

/** The protocol's objects with nothing over them. */
export const things: Workload = {
  name: "things",
  specs: SPECS,
  kind: THING,
  keys: ["hot1", "hot2", "k3", "k4"],
  open: ({ objects }) => ({ objects }),
  read: (key, consistency, minRevision) => callOf({ key, kind: "read", consistency, minRevision }),
  write: (chance, key, seen, unique) => callOf(writeOf(chance, key, seen, unique)),
  final: finalHistory,
  valueOf: ({ value }) => String(value),
};

function callOf(action: Action): Call {
  return {
    begun: begun(action),
    perform: (service, signal) => perform((service as { readonly objects: Objects }).objects, action, signal),
  };
}

function writeOf(chance: Chance, key: string, { revision: expected }: Seen, unique: string): Action {
  const requestId = chance.happens(0.6) ? { requestId: `r${unique}` } : {};
  const write = { key, kind: "write", value: unique, ...requestId } as const;
  return chance.weighted<() => Action>([
    [8, () => write],
    [5, () => ({ ...write, expected })],
    [5, () => ({ ...write, kind: "transform" })],
    [6, () => ({ ...write, state: chance.pick(STATES), from: [chance.pick(STATES)] })],
    [3, () => ({ ...write, state: "open" })],
  ])();
}
