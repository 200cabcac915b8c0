import { MemoryHotStore } from "../../src/adapters/memory/hot.ts";
import { hotContract } from "./hot.ts";
import { onVirtualClock } from "./memory-harness.ts";

hotContract("memory", () =>
  onVirtualClock((options) => new MemoryHotStore({ ...options, identity: "memory-1" })),
);
