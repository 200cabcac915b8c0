// npm run test:console: figures of the console's task table, which depend on the machine and so are no test.
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import { findTool } from "../../scripts/stores/find.ts";
import { connect } from "../protocol/transports.ts";
import { CHROMIUM_ARGS } from "../support/page.ts";
import { startServer } from "../support/server-process.ts";

const HELP = `Opens the console in Chromium with many tasks in its table, scrolls through them, and changes a task meanwhile.
Prints the longest task of the page's main thread while it scrolls, and the time from a change to its row.

  npm run test:console -- [--tasks N]

  --tasks  how many tasks; 10000 by default

Needs Chromium (scripts/install-tools.sh installs it) and the built console (npm run build:console).
`;
const AT_ONCE = 50;
const SCROLLS = 100;
const CHANGES = 10;
const KIND = "many";

const { tasks: asked, help } = parseArgs({
  options: { tasks: { type: "string", default: "10000" }, help: { type: "boolean" } },
}).values;
if (help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const many = Number(asked);
const found = findTool("chromium");
if ("missing" in found || !(many > 0)) {
  process.stderr.write(`${"missing" in found ? found.missing : "--tasks takes a number above 0"}\n\n${HELP}`);
  process.exit(2);
}
const server = await startServer();
const api = connect("gRPC", server.url);
const browser = await chromium.launch({ executablePath: found.path, args: CHROMIUM_ARGS });
try {
  const ids = Array.from({ length: many }, (_, index) => String(index));
  while (ids.length > 0) {
    await Promise.all(ids.splice(0, AT_ONCE).map((taskId) => api.tasks.createTask({ kind: KIND, taskId })));
    const made = many - ids.length;
    if (made % 1_000 === 0) process.stderr.write(`${made} of ${many} tasks made\n`);
  }
  const page = await browser.newPage();
  await page.goto(`${server.url}/console/#/tasks`);
  await page.getByLabel("Kind").fill(KIND);
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("Live: ").waitFor();
  const longest = await longestTaskWhileScrolling(page);
  const changes = await changesShown(page);
  process.stdout.write(
    `${many} tasks: longest task of the main thread in ${SCROLLS} scrolls ` +
      `${longest === 0 ? "below 50" : longest.toFixed(0)} ms; ` +
      `a change shown after ${changes.toFixed(0)} ms at most, of ${CHANGES}\n`,
  );
} finally {
  await browser.close();
  api.close();
  await server.stop();
}

/** In ms; 0 when none was long enough (50 ms) for the browser to tell. In the browser's own words: Node knows no long tasks. */
function longestTaskWhileScrolling(page: Page): Promise<number> {
  return page.evaluate(`(async () => {
    const table = document.querySelector(".virtual");
    let longest = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    });
    observer.observe({ type: "longtask" });
    for (let step = 0; step <= ${SCROLLS}; step += 1) {
      table.scrollTo(0, (table.scrollHeight * step) / ${SCROLLS});
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    observer.disconnect();
    table.scrollTo(0, 0);
    return longest;
  })()`);
}

/** The longest time (ms) from before the call to when the row was seen. */
async function changesShown(page: Page): Promise<number> {
  let longest = 0;
  for (let change = 0; change < CHANGES; change += 1) {
    const status = `change ${change}`;
    const began = performance.now();
    await api.tasks.updateTask({ kind: KIND, taskId: String(many - 1), status });
    await page.getByRole("cell", { name: status, exact: true }).waitFor();
    longest = Math.max(longest, performance.now() - began);
  }
  return longest;
}
