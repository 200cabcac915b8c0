import { memoryDurable } from "../../src/adapters/memory/durable.ts";
import { durableContract } from "./durable.ts";

durableContract("memory", async (collections) => {
  const store = memoryDurable(collections);
  return { store, stop: () => store.close() };
});
