import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import { describeWithChromium } from "../support/real-stores.ts";
import { consoleUnderTest, expectUsable } from "./support.ts";

const MANY = 2_000;
const AT_ONCE = 50;

describeWithChromium("the console's tasks", (executablePath) => {
  const console = consoleUnderTest(executablePath);

  const show = async (page: Page, kind: string) => {
    await page.getByLabel("Kind").fill(kind);
    await page.getByRole("button", { name: "Show" }).click();
  };
  const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

  it("show a change in every open page at once", async () => {
    const { tasks } = console.api;
    await tasks.createTask({ kind: "live", taskId: "1", group: "g" });
    const [one, other] = await Promise.all([console.open("#/tasks"), console.open("#/tasks")]);
    await Promise.all([show(one, "live"), show(other, "live")]);
    await Promise.all([row(one, "live/1").waitFor(), row(other, "live/1").waitFor()]);

    await tasks.updateTask({ kind: "live", taskId: "1", state: TaskState.PROCESSING, status: "half way" });

    for (const page of [one, other]) await row(page, "live/1").filter({ hasText: "half way" }).waitFor();
    await tasks.createTask({ kind: "live", taskId: "2" });
    for (const page of [one, other]) await row(page, "live/2").waitFor();
    await one.getByText("Live: 2 tasks.").waitFor();
    await expectUsable(one, "tasks");
  });

  it("can be narrowed to states, and count them", async () => {
    const { tasks } = console.api;
    for (const taskId of ["1", "2", "3"]) await tasks.createTask({ kind: "narrow", taskId });
    await tasks.cancelTask({ kind: "narrow", taskId: "3" });
    const page = await console.open("#/tasks");
    await show(page, "narrow");
    await row(page, "narrow/3").waitFor();
    await page.getByRole("listitem").filter({ hasText: "pending 2" }).waitFor();
    await page.getByLabel("cancelled").check();
    await page.getByText("Live: 1 tasks.").waitFor();
    await row(page, "narrow/3").waitFor();
    expect(await row(page, "narrow/1").count()).toBe(0);
  });

  it("tell one task's data and history, cancel it and delete it", async () => {
    const { tasks } = console.api;
    await tasks.createTask({ kind: "one", taskId: "a", data: { rows: 10 } });
    await tasks.updateTask({ kind: "one", taskId: "a", state: TaskState.PROCESSING, message: "reading" });
    const page = await console.open("#/tasks/one/a");
    const panel = page.getByLabel("Task one/a");
    await panel.getByText('"rows": 10').waitFor();
    await panel.getByRole("listitem").filter({ hasText: "created" }).waitFor();
    await panel.getByRole("listitem").filter({ hasText: "reading" }).waitFor();

    await panel.getByRole("button", { name: "Cancel task" }).click();
    await page.getByRole("button", { name: "Cancel the task" }).click();
    await panel.getByRole("listitem").filter({ hasText: "cancelled" }).first().waitFor();
    expect((await tasks.getTask({ kind: "one", taskId: "a" })).task?.state).toBe(TaskState.CANCELLED);
    expect(await panel.getByRole("button", { name: "Cancel task" }).isDisabled()).toBe(true);
    await expectUsable(page, "task");

    await panel.getByRole("button", { name: "Delete task" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await panel.getByText("This task was deleted.").waitFor();
    expect((await tasks.countTasks({ kind: "one" })).total).toBe(0n);
  });

  it("of a name that is not there say so", async () => {
    const page = await console.open("#/tasks/none/a", { mayPrint: /404/ });
    await page.getByRole("alert").filter({ hasText: "NOT_FOUND" }).first().waitFor();
  });

  it("are usable on a narrow screen, in the dark", async () => {
    await console.api.tasks.createTask({ kind: "narrow-screen", taskId: "1" });
    const page = await console.open("#/tasks/narrow-screen/1", { width: 375, colorScheme: "dark" });
    await page.getByLabel("Task narrow-screen/1").getByText("pending").first().waitFor();
    await expectUsable(page, "task-narrow-dark");
  });

  it("can be reached and opened by keyboard alone", async () => {
    await console.api.tasks.createTask({ kind: "keys", taskId: "1" });
    const page = await console.open("#/tasks");
    await page.getByLabel("Kind").focus();
    await page.keyboard.type("keys");
    await page.keyboard.press("Enter");
    await row(page, "keys/1").waitFor();
    const focused = () => page.evaluate("document.activeElement.textContent");
    for (let step = 0; step < 20 && (await focused()) !== "keys/1"; step += 1)
      await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByLabel("Task keys/1").getByText("pending").first().waitFor();
  });

  it("are thousands, and only those in view are in the page", async () => {
    const { tasks } = console.api;
    const ids = Array.from({ length: MANY }, (_, index) => String(index));
    while (ids.length > 0) {
      const some = ids.splice(0, AT_ONCE);
      await Promise.all(some.map((taskId) => tasks.createTask({ kind: "many", taskId })));
    }
    const page = await console.open("#/tasks");
    await show(page, "many");
    await page.getByText("Live: 2,000 tasks.").waitFor();
    const table = page.getByLabel("Tasks, newest first");
    await row(page, `many/${MANY - 1}`).waitFor();
    await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await row(page, "many/0").first().waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(100);

    await table.evaluate((element) => element.scrollTo(0, 0));
    await tasks.createTask({ kind: "many", taskId: "newest" });
    await row(page, "many/newest").waitFor();
  });
});
