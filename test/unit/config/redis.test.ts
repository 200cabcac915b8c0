import { describe, expect, it } from "vitest";
import { describeConfig, loadConfig } from "../../../src/config.ts";
import { problemsOf } from "./problems.ts";

describe("Redis", () => {
  it("may be a cluster", () => {
    const { redis } = loadConfig({ REDIS_URL: "rediss://u:p@a:1,b:2", REDIS_MODE: "cluster" }).hot;
    expect(redis).toEqual({
      url: "rediss://u:p@a:1,b:2",
      mode: "cluster",
      sentinel: undefined,
      prefix: "dbc",
    });
  });

  it("may be behind sentinels, with credentials for the servers and for the sentinels", () => {
    const config = loadConfig({
      REDIS_URL: "redis://a:1,b:2/3",
      REDIS_PASSWORD: "secret",
      REDIS_MODE: "sentinel",
      REDIS_SENTINEL_MASTER: "primary",
      REDIS_SENTINEL_PASSWORD: "s@cret",
    });
    expect(config.hot.redis).toMatchObject({
      url: "redis://:secret@a:1,b:2/3",
      sentinel: { url: "redis://:s%40cret@a:1,b:2", master: "primary" },
    });
    const text = describeConfig(config);
    expect(text).toContain("hot.redis.sentinel.url=redis://***@a:1,b:2");
    expect(text).not.toMatch(/secret|cret/);
  });

  it.each([
    ["REDIS_MODE", { REDIS_MODE: "cluster" }],
    ["REDIS_MODE", { REDIS_MODE: "ring", REDIS_URL: "redis://a" }],
    ["REDIS_URL", { REDIS_URL: "redis://a:1,b:2" }],
    ["REDIS_URL", { REDIS_URL: "redis://a:1,b:2/1", REDIS_MODE: "cluster" }],
    ["REDIS_URL", { REDIS_URL: "redis://a:1,b:port", REDIS_MODE: "cluster" }],
    ["REDIS_URL", { REDIS_URL: "redis://a:1,", REDIS_MODE: "cluster" }],
    ["REDIS_SENTINEL_MASTER", { REDIS_URL: "redis://a", REDIS_MODE: "sentinel" }],
    ["REDIS_SENTINEL_MASTER", { REDIS_URL: "redis://a", REDIS_SENTINEL_MASTER: "m" }],
    ["REDIS_SENTINEL_PASSWORD", { REDIS_SENTINEL_PASSWORD: "secret" }],
  ])("%s is named where it does not fit the others", (name, environment) => {
    const problems = problemsOf(environment);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}: `));
    expect(problems[0]).not.toContain("secret");
  });
});
