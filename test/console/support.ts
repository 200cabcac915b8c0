// The console in a real browser, on a server process that is run as users run it.
import { mkdirSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { type Clients, connect } from "../protocol/transports.ts";
import { CHROMIUM_ARGS } from "../support/page.ts";
import { type ServerProcess, type ServerSettings, startServer } from "../support/server-process.ts";

/** Where screenshots are kept, for people to look at. */
const SHOTS = "coverage/console";

export interface ConsoleUnderTest {
  readonly server: ServerProcess;
  readonly api: Clients;
  /** Opens a place, such as `#/tasks`. What the page prints as an error fails the test, unless it may be expected. */
  open(place: string, options?: PageOptions): Promise<Page>;
}

interface PageOptions {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  /** Printed errors that belong to the test, such as a call that is refused. */
  readonly mayPrint?: RegExp;
}

/** One server and one browser for the tests of a suite; the getters are good once the suite has begun. */
export function consoleUnderTest(executablePath: string, settings: ServerSettings = {}): ConsoleUnderTest {
  let server: ServerProcess | undefined;
  let api: Clients | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    server = await startServer(settings);
    api = connect("gRPC", server.url);
    browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
  });
  afterAll(async () => {
    await browser?.close();
    api?.close();
    await server?.stop();
  });
  const begun = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("the suite has not begun");
    return value;
  };
  return {
    get server() {
      return begun(server);
    },
    get api() {
      return begun(api);
    },
    open: async (place, { width = 1280, colorScheme = "light", mayPrint } = {}) => {
      const page = await begun(browser).newPage({ viewport: { width, height: 800 }, colorScheme });
      const printed: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" && mayPrint?.test(message.text()) !== true)
          printed.push(message.text());
      });
      page.on("pageerror", (error) => printed.push(error.message));
      onTestFinished(async () => {
        await page.close();
        expect(printed).toEqual([]);
      });
      await page.goto(`${begun(server).url}/console/${place}`);
      return page;
    },
  };
}

/** No finding that keeps somebody from using the page, and nothing wider than the page. */
export async function expectUsable(page: Page, shot: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${shot}.png`, fullPage: true });
  await page.evaluate(axe.source);
  const findings = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { readonly axe: { run(): Promise<AxeResults> } };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  expect(findings).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
