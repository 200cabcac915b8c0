import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
import { onTestFinished } from "vitest";
import { type RedisProcess, startRedis } from "../../../scripts/stores/redis.ts";
import { openRedis, type RedisOptions, type RedisStores } from "../../../src/adapters/redis/open.ts";
import type { Slot } from "../../../src/ports/hot-store.ts";

/** So long that only what fails at once fails within a test. */
export const NEVER_MS = 60_000;
export const LONG_MS = 60_000;
export const SLOT: Slot = { generation: 1, key: "task/kind/id" };
export const UNAVAILABLE = { kind: "unavailable", reason: "HOT_STORE_UNAVAILABLE", applied: "no" };

/** A server that the test may harm; ended with the test. */
export async function ownRedis(args: readonly string[] = []): Promise<RedisProcess> {
  const server = await startRedis({ args });
  onTestFinished(() => server.stop());
  return server;
}

/** The stores on it; closed with the test. */
export async function openOn(
  server: { readonly url: string },
  options: Partial<RedisOptions> = {},
): Promise<RedisStores> {
  const stores = await openRedis({ url: server.url, prefix: "dbc", timeoutMs: NEVER_MS, ...options });
  onTestFinished(() => stores.close());
  return stores;
}

/** An administrator's own connection. */
export async function adminOf(server: { readonly url: string }) {
  const admin = await createClient({ url: server.url }).connect();
  admin.on("error", () => {});
  onTestFinished(() => admin.destroy());
  return admin;
}

/** Resolves at the next doubt. */
export function nextDoubt({ hot }: RedisStores): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = hot.onDoubt(() => {
      unsubscribe();
      resolve();
    });
  });
}

/** The identity, as soon as the store answers a probe; the test's own time bounds it. */
export async function answering({ hot }: RedisStores): Promise<string> {
  const signal = AbortSignal.timeout(20_000);
  for (;;) {
    try {
      return await hot.probe(signal);
    } catch (error) {
      signal.throwIfAborted();
      if ((error as { kind?: string }).kind !== "unavailable") throw error;
      await delay(10, undefined, { signal });
    }
  }
}

/** Resolves when a read fails with this cause; rejects when a read succeeds before. */
export async function unavailableBecause({ hot }: RedisStores, cause: string): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  for (;;) {
    const failure = await hot.readHint(signal).then(
      () => new Error("the store answered"),
      (error: Error) => error,
    );
    if (String(failure.cause).includes(cause)) return;
    if (failure.message === "the store answered") throw failure;
    await delay(10, undefined, { signal });
  }
}

/** Stores revision 1 at SLOT. */
export async function fillSlot({ hot }: RedisStores): Promise<"stored" | "refused"> {
  await hot.getOrLease(SLOT, { minRevision: 0, token: "fill", leaseMs: LONG_MS });
  return hot.fill(SLOT, "fill", { value: "one", revision: 1, ttlMs: LONG_MS });
}
