// How a call travels from an instance to a store in a world whose network and time somebody drives: the explorer of
// test/model step by step, the simulator of test/sim by chance.

export type StoreName = "hot" | "durable";

export interface StoreCall<T> {
  /** Who calls; dies as a whole. */
  readonly node: string;
  readonly store: StoreName;
  /** The method and its arguments, so that two calls with one label are the same call. */
  readonly label: string;
  /** Whether a lost answer leaves the caller in doubt. */
  readonly mutates: boolean;
  /** What the call does at the store: atomic, at the moment that the driver picks. Throws the store's refusal. */
  effect(): T;
}

export interface Transport {
  /** Rejects with the store's own errors, or with what the signal stands for. */
  call<T>(call: StoreCall<T>, signal?: AbortSignal): Promise<T>;
}

/** Resolves when nothing is left to do but what waits for the driver: every promise's continuation has run. */
export function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
