// Wrong uses of right stores, as wrappers of the ports and of the leases.
import type { Generation } from "../../../src/consistency/generation.ts";
import { CONTROL } from "../../../src/consistency/generation-document.ts";
import type { Leases } from "../../../src/consistency/lease.ts";
import type { Json } from "../../../src/json.ts";
import type { DurableStore, Path } from "../../../src/ports/durable-store.ts";
import type { HotStore } from "../../../src/ports/hot-store.ts";

/** What the client learned is shown without the hot store's knowing of it. */
export function withoutHelp(hot: HotStore): HotStore {
  return { ...hot, raise: async () => {} };
}

/** The answer does not wait for the hot store's. */
export function withoutWaiting(method: "fill" | "confirm"): (hot: HotStore) => HotStore {
  return (hot) =>
    method === "fill"
      ? {
          ...hot,
          fill: async (...call) => {
            hot.fill(...call).catch(() => {});
            return "stored";
          },
        }
      : {
          ...hot,
          confirm: async (...call) => {
            hot.confirm(...call).catch(() => {});
          },
        };
}

/** Every step to a mode is written down as one to another. */
export function skipping(mode: string, instead: string): (durable: DurableStore) => DurableStore {
  return rewriting((field, value) => (field === "mode" && value === mode ? instead : value));
}

/** An opening takes the number that was left. */
export function numberUsedAgain(durable: DurableStore): DurableStore {
  return {
    ...durable,
    update: (update, signal) => {
      const opens = update.change.set?.some(([[field], value]) => field === "mode" && value === "opening");
      const store = opens
        ? rewriting((field, value) => (field === "number" ? Number(value) - 1 : value))(durable)
        : durable;
      return store.update(update, signal);
    },
  };
}

function rewriting(rewrite: (field: string, value: Json) => Json): (durable: DurableStore) => DurableStore {
  return (durable) => ({
    ...durable,
    update: (update, signal) => {
      if (update.collection !== CONTROL.name) return durable.update(update, signal);
      const set = (update.change.set ?? []).map(([path, value]): readonly [Path, Json] => [
        path,
        rewrite(path[0], value),
      ]);
      return durable.update({ ...update, change: { ...update.change, set } }, signal);
    },
  });
}

/** A lease is looked at before a call and never after it. */
export function neverCheckedAgain(generation: Generation): Leases {
  return { ...leasesOf(generation), holds: () => true };
}

/** While others may still show what is hot, the durable store alone is enough. */
export function answersWhileBypassing(generation: Generation): Leases {
  const leases = leasesOf(generation);
  return {
    ...leases,
    lease: async (signal) => {
      const { view } = generation;
      if (view?.mode !== "bypassing") return leases.lease(signal);
      return { number: view.number, mode: "bypassed", epoch: BYPASSING };
    },
    holds: (lease) => lease.epoch === BYPASSING || leases.holds(lease),
  };
}
const BYPASSING = -1;

/** The new generation is filled and read while others still write without it. */
export function hitsWhileOpening(generation: Generation): Leases {
  const leases = leasesOf(generation);
  return {
    ...leases,
    lease: async (signal) => {
      const lease = await leases.lease(signal);
      return lease.mode === "opening" ? { ...lease, mode: "cached" } : lease;
    },
  };
}

/** Readers of an opening generation do not tell it what they show. */
export function silentWhileOpening(hot: HotStore, _client: string, generation: Generation): HotStore {
  return {
    ...hot,
    raise: async (...call) => {
      if (generation.view?.mode !== "opening") await hot.raise(...call);
    },
  };
}

/** Whoever asks is made to wait for the answer, which may be planted. */
function leasesOf(generation: Generation): Leases {
  return {
    current: undefined,
    lease: (signal) => generation.lease(signal),
    holds: (lease) => generation.holds(lease),
    reportHotFailure: (lease, signal) => generation.reportHotFailure(lease, signal),
    lastKnown: (signal) => generation.lastKnown(signal),
    get durableDown() {
      return generation.durableDown;
    },
  };
}
