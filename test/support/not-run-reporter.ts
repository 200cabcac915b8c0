import type { Reporter, TestModule } from "vitest/node";

/** How a skipped test's note starts when its suite could not run on this machine. */
export const NOT_RUN = "NOT RUN: ";

/**
 * Says at the end of a run which suites did not run and why, how many they are, and in one plain line how many tests
 * passed and failed. A file that broke before its tests were known, and an error outside of tests, count as failed.
 */
export default class NotRunReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const lines = summary(modules, unhandledErrors.length);
    // The default reporter prints its summary in the same turn; this one belongs under it.
    setImmediate(() => process.stdout.write(`${lines.join("\n")}\n`));
  }
}

function summary(modules: readonly TestModule[], unhandledErrorCount: number): string[] {
  const notRun: string[] = [];
  let passed = 0;
  let failed = unhandledErrorCount;
  for (const module of modules) {
    failed += module.errors().length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") passed++;
      if (result.state === "failed") failed++;
      if (result.state === "skipped" && result.note?.startsWith(NOT_RUN)) {
        const suite = test.parent.type === "suite" ? test.parent.fullName : module.relativeModuleId;
        notRun.push(`${NOT_RUN}${suite}: ${result.note.slice(NOT_RUN.length)}`);
      }
    }
    for (const suite of module.children.allSuites()) failed += suite.errors().length;
  }
  const count =
    notRun.length === 0 ? [] : [`NOT RUN: ${notRun.length} suite${notRun.length === 1 ? "" : "s"}`];
  return [...notRun, ...count, `${passed} passed, ${failed} failed`];
}
