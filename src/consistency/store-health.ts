/** Whether a store answers, how fast, and since when. */
export interface StoreHealth {
  readonly reachable: boolean;
  /** Milliseconds of the last round trip that was answered; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** Since when it has been reachable, or not; milliseconds since the epoch. */
  readonly since: number;
}

export function unknownHealth(now: number): StoreHealth {
  return { reachable: false, latencyMs: undefined, since: now };
}

/** After one more try: `latencyMs` undefined = it failed. */
export function after(health: StoreHealth, latencyMs: number | undefined, now: number): StoreHealth {
  const reachable = latencyMs !== undefined;
  return {
    reachable,
    latencyMs: latencyMs ?? health.latencyMs,
    since: reachable === health.reachable ? health.since : now,
  };
}
