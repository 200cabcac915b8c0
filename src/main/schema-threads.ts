import { openSchemaThreads as open } from "../adapters/ajv/open.ts";
import type { PoolSettings } from "../adapters/ajv/pool.ts";

/** Threads in which strangers' schemas and documents are judged, away from the event loop. */
export function openSchemaThreads(settings: Omit<PoolSettings, "entry">): ReturnType<typeof open> {
  return open({ ...settings, entry: new URL("./schema-thread.ts", import.meta.url) });
}
