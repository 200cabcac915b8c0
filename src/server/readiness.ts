/** Whether this instance wants traffic, and why not. */
export interface ReadinessState {
  readonly ready: boolean;
  /** Plain words for an operator; empty when ready. */
  readonly reason: string;
}

/** The one place that knows whether the instance is ready. Health, /readyz and the shutdown share it. */
export interface Readiness {
  readonly state: ReadinessState;
  /** Sets it; without a reason, "not ready" has the reason "not ready". No effect after `retire`. */
  setReady(ready: boolean, reason?: string): void;
  /** Not ready from now on, whatever is set later: the instance is going. */
  retire(reason: string): void;
  /** Calls the listener at each change; returns how to stop that. */
  subscribe(listener: (state: ReadinessState) => void): () => void;
}

/** Starts as not ready, with the reason "starting". */
export function createReadiness(): Readiness {
  let state: ReadinessState = { ready: false, reason: "starting" };
  let retired = false;
  const listeners = new Set<(state: ReadinessState) => void>();
  const change = (next: ReadinessState): void => {
    if (retired || (next.ready === state.ready && next.reason === state.reason)) return;
    state = next;
    for (const listener of listeners) listener(state);
  };
  return {
    get state() {
      return state;
    },
    setReady: (ready, reason = "not ready") => change({ ready, reason: ready ? "" : reason }),
    retire: (reason) => {
      change({ ready: false, reason });
      retired = true;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
