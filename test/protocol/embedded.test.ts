import { describe } from "vitest";
import { everyScenario } from "./scenarios/all.ts";

describe("on memory and SQLite", () =>
  everyScenario({ env: {}, kinds: { hot: "memory", durable: "sqlite" } }));
