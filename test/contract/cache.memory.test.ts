import { MemoryCacheStore } from "../../src/adapters/memory/cache.ts";
import { cacheContract } from "./cache.ts";
import { onVirtualClock } from "./memory-harness.ts";

cacheContract("memory", () => onVirtualClock((options) => new MemoryCacheStore(options)));
