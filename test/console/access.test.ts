import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { addToken } from "../../scripts/token/tokens.ts";
import { describeWithChromium } from "../support/real-stores.ts";
import { consoleUnderTest, expectUsable } from "./support.ts";

describeWithChromium("the console of a service that asks who one is", (executablePath) => {
  const folder = mkdtempSync(join(tmpdir(), "dbconn-console-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "auth.json");
  const token = (name: string, ...scopes: readonly string[]) =>
    addToken(file, { name, scopes }, Date.now(), randomBytes).token;
  const writer = token("writer", "task:write", "status:read");
  const reader = token("reader", "task:read", "status:read");
  const console = consoleUnderTest(executablePath, { env: { AUTH_FILE: file } });
  const refusals = /401|403/;

  it("signs in, shows what there is, and forgets the token when told to", async () => {
    const made = await fetch(`${console.server.url}/dbconn.v1.TaskService/CreateTask`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${writer}` },
      body: JSON.stringify({ kind: "guarded", task_id: "1" }),
    });
    expect(made.status).toBe(200);
    const page = await console.open("#/tasks", { mayPrint: refusals });
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expectUsable(page, "sign-in");

    await page.getByLabel("Token").fill("not-a-token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();

    await page.getByLabel("Token").fill(reader);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "guarded/1" }).waitFor();
    expect(await page.evaluate("JSON.stringify(localStorage) + document.cookie")).not.toContain(reader);

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain(reader);
  });

  it("says so where the token has no right", async () => {
    const page = await console.open("#/cache", { mayPrint: refusals });
    await page.getByLabel("Token").fill(reader);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Cache" }).waitFor();
    await page.getByRole("alert").filter({ hasText: "PERMISSION_DENIED" }).first().waitFor();
  });
});
