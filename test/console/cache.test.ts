import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { failure } from "../protocol/transports.ts";
import { describeWithChromium } from "../support/real-stores.ts";
import { consoleUnderTest, expectUsable } from "./support.ts";

describeWithChromium("the console's cache", (executablePath) => {
  const console = consoleUnderTest(executablePath);

  const filled = async (namespace: string, keys: readonly string[]) => {
    for (const key of keys)
      await console.api.cache.setEntry({ namespace, key, value: { case: "text", value: `value of ${key}` } });
  };

  it("finds entries by pattern, shows one, changes its lifetime and deletes it", async () => {
    await filled("found", ["user:1", "user:2", "order:1"]);
    const { cache } = console.api;
    const page = await console.open("#/cache");
    await page.getByRole("link", { name: "found" }).click();
    await page.getByRole("button", { name: "order:1" }).waitFor();
    await page.getByLabel("Pattern").fill("user:*");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("button", { name: "order:1" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "user:1" }).click();
    await page.getByText("value of user:1").waitFor();
    await expectUsable(page, "cache");

    await page.getByLabel("Keep without limit").check();
    await page.getByRole("button", { name: "Set lifetime" }).click();
    await page.getByText("Expires: never").waitFor();
    expect((await cache.getEntry({ namespace: "found", key: "user:1" })).entry?.expireTime).toBeUndefined();

    await page.getByRole("button", { name: "Delete entry" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "user:1" }).waitFor({ state: "detached" });
    const gone = await failure(cache.getEntry({ namespace: "found", key: "user:1" }));
    expect(gone.code).toBe(Code.NotFound);
  });

  it("is cleared only after a preview, and after its name was typed", async () => {
    await filled("cleared", ["a:1", "a:2", "b:1"]);
    await filled("kept", ["a:1"]);
    const { cache } = console.api;
    const page = await console.open("#/cache/cleared", { width: 375 });
    const form = page.getByLabel("Clear the cache");
    await form.getByLabel("Only keys like").fill("a:*");
    await form.getByRole("button", { name: "Preview" }).click();
    await form.getByText("2 entries would be removed").waitFor();
    await form.getByText("a:2").waitFor();
    expect((await cache.listKeys({ namespace: "cleared" })).keys).toHaveLength(3);

    await form.getByRole("button", { name: "Clear", exact: true }).click();
    const confirm = page.getByRole("dialog").getByRole("button", { name: "Clear", exact: true });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel("Type cleared to go on").fill("cleared");
    await confirm.click();
    await form.getByText("2 entries were removed.").waitFor();
    expect((await cache.listKeys({ namespace: "cleared" })).keys).toEqual(["b:1"]);
    expect((await cache.listKeys({ namespace: "kept" })).keys).toEqual(["a:1"]);
    await expectUsable(page, "cache-narrow");
  });

  it("is not cleared when it changed since the preview", async () => {
    await filled("changed", ["1"]);
    const page = await console.open("#/cache/changed", { mayPrint: /400/ });
    const form = page.getByLabel("Clear the cache");
    await form.getByRole("button", { name: "Preview" }).click();
    await form.getByText("1 entries would be removed").waitFor();
    await filled("changed", ["2"]);
    await form.getByRole("button", { name: "Clear", exact: true }).click();
    await page.getByLabel("Type changed to go on").fill("changed");
    await page.getByRole("dialog").getByRole("button", { name: "Clear", exact: true }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    expect((await console.api.cache.listKeys({ namespace: "changed" })).keys).toHaveLength(2);
  });
});
