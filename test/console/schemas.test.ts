import { expect, it } from "vitest";
import { value } from "../protocol/values.ts";
import { describeWithChromium } from "../support/real-stores.ts";
import { consoleUnderTest, expectUsable } from "./support.ts";

const FIRST = { type: "object", properties: { age: { type: "integer" } } };
const SECOND = { type: "object", properties: { age: { type: "integer", minimum: 18 } } };

describeWithChromium("the console's schemas", (executablePath) => {
  const console = consoleUnderTest(executablePath);

  const published = async (name: string) => {
    const { schemas } = console.api;
    await schemas.publishRelease({ name, document: value(FIRST), note: "first" });
    await schemas.publishRelease({ name, document: value(SECOND), note: "adults" });
  };

  it("are tried and published, with the change that it would be", async () => {
    const page = await console.open("#/schemas");
    await page.getByRole("link", { name: "New schema" }).click();
    await page.getByLabel("Name").fill("made-here");
    await page.getByLabel("JSON Schema").fill(JSON.stringify(FIRST));
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByText("Outcome: created, release 1").waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("Release 1 is active of 1").waitFor();

    await page.getByRole("tab", { name: "Publish" }).click();
    await page.getByLabel("JSON Schema").fill(JSON.stringify(SECOND));
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByText("Outcome: released, release 2, change").waitFor();
    expect((await console.api.schemas.getSchema({ name: "made-here" })).schema?.latestRelease).toBe(1);
    await page.getByLabel("Note").fill("adults only");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("Release 2 is active of 2").waitFor();
    await page.getByRole("tab", { name: "Audit trail" }).click();
    await page.getByRole("cell", { name: "adults only" }).first().waitFor();
    await expectUsable(page, "schema-audit");
  });

  it("name what is wrong with a document before it is sent, and what the server refuses", async () => {
    const page = await console.open("#/schemas/+new", { mayPrint: /400/ });
    await page.getByLabel("Name").fill("bad");
    await page.getByLabel("JSON Schema").fill("{ not json");
    await page.getByRole("alert").filter({ hasText: "This is not JSON" }).waitFor();
    expect(await page.getByRole("button", { name: "Publish" }).isDisabled()).toBe(true);
    await page.getByLabel("JSON Schema").fill('{"type": "nothing"}');
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("alert").filter({ hasText: "INVALID_SCHEMA" }).waitFor();
  });

  it("are compared side by side, with a document that shows the difference", async () => {
    await published("compared");
    const page = await console.open("#/schemas/compared");
    await page.getByRole("tab", { name: "Diff" }).click();
    await page.getByText("/properties/age/minimum").first().waitFor();
    await page.getByText("Release 1 accepts this and release 2 refuses it").first().waitFor();
    await page.getByRole("cell", { name: '"minimum": 18' }).waitFor();
    await expectUsable(page, "schema-diff");
  });

  it("judge a document, and say what is wrong with it", async () => {
    await published("judging");
    const page = await console.open("#/schemas/judging");
    await page.getByRole("tab", { name: "Try a document" }).click();
    await page.getByRole("textbox", { name: "Document" }).fill('{"age": 17}');
    await page.getByRole("button", { name: "Validate" }).click();
    await page.getByText("The document is not valid.").waitFor();
    await page.getByRole("listitem").filter({ hasText: "/age" }).waitFor();
    await page.getByRole("textbox", { name: "Document" }).fill('{"age": 18}');
    await page.getByRole("button", { name: "Validate" }).click();
    await page.getByText("The document is valid.").waitFor();
  });

  it("go back to a release, lose one, and are deleted and restored", async () => {
    await published("managed");
    const { schemas } = console.api;
    const page = await console.open("#/schemas/managed");
    await page.getByRole("button", { name: "Make 1 active" }).click();
    await page.getByText("Release 1 is active of 2").waitFor();
    await page.getByRole("button", { name: "Delete 1" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("Release 2 is active of 1").waitFor();

    await page.getByRole("button", { name: "Delete schema" }).click();
    const confirm = page.getByRole("button", { name: "Delete", exact: true });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel("Type managed to go on").fill("managed");
    await confirm.click();
    await page.getByText("deleted, goes for good").waitFor();
    await page.getByRole("button", { name: "Restore schema" }).click();
    await page.getByRole("button", { name: "Delete schema" }).waitFor();
    expect((await schemas.getSchema({ name: "managed" })).schema?.deleteTime).toBeUndefined();
    await expectUsable(page, "schema");
  });

  it("are listed, on a narrow screen too", async () => {
    await published("listed");
    const page = await console.open("#/schemas", { width: 375 });
    await page.getByLabel("Name begins with").fill("list");
    await page.getByText("1 schemas.").waitFor();
    await page.getByRole("link", { name: "listed" }).waitFor();
    await expectUsable(page, "schemas-narrow");
  });
});
