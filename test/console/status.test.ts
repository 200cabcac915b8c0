import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisProcess, startRedis } from "../../scripts/stores/redis.ts";
import { describeWithChromium, describeWithTools } from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";
import { consoleUnderTest, expectUsable } from "./support.ts";

describeWithChromium("the console's status", (executablePath) => {
  const console = consoleUnderTest(executablePath);

  it("tells the stores and plots what they do, in the dark too", async () => {
    const page = await console.open("#/status", { colorScheme: "dark" });
    await page.getByLabel("Hot store", { exact: true }).getByText("memory").waitFor();
    await page.getByLabel("Durable store", { exact: true }).getByText("sqlite").waitFor();
    await page.getByRole("img", { name: /Durable store latency, now \d/ }).waitFor();
    await expectUsable(page, "status");
  });

  it("may not be shown in another page's frame, and loads nothing from elsewhere", async () => {
    const { headers } = await fetch(`${console.server.url}/console/`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });
});

describeWithTools("the console without its hot store", ["chromium", "redis-server"], ({ chromium }) => {
  let redis: RedisProcess | undefined;
  const env: Record<string, string> = {};
  beforeAll(async () => {
    redis = await startRedis();
    env.REDIS_URL = redis.url;
  });
  const console = consoleUnderTest(chromium, { env });
  afterAll(() => redis?.stop());

  it("says so on every page, goes on, and takes it back when the store returns", async () => {
    await console.api.tasks.createTask({ kind: "degraded", taskId: "1" });
    const page = await console.open("#/tasks/degraded/1");
    await page.getByLabel("Task degraded/1").getByText("pending").first().waitFor();

    await redis?.kill();
    await page.getByText("Degraded: the hot store is bypassed.").waitFor();
    await console.api.tasks.updateTask({ kind: "degraded", taskId: "1", message: "still here" });
    await page.getByLabel("Task degraded/1").getByText("still here").first().waitFor();
    await expectUsable(page, "degraded");

    await redis?.restart();
    await page.getByText("Degraded: ").waitFor({ state: "detached" });
  });
});

describe("CONSOLE=false", () => {
  it("serves no console", async () => {
    const server = await startServer({ env: { CONSOLE: "false" } });
    try {
      expect((await fetch(`${server.url}/console/`)).status).toBe(404);
    } finally {
      await server.stop();
    }
  });
});
