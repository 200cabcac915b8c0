import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Processes and not threads: the tests start servers, send signals and change process.env.
    pool: "forks",
    globalSetup: "test/support/global-setup.ts",
    setupFiles: ["test/support/fast-check.ts"],
    reporters: ["default", "./test/support/not-run-reporter.ts"],
    // A hang must end, and two busy cores must not fail a sound test.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    coverage: {
      // CI runs the README's own test command, so it asks for coverage by environment.
      enabled: process.env.COVERAGE === "true",
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "html", "json-summary"],
      thresholds: {
        "src/domain/**": { branches: 90 },
        "src/consistency/**": { branches: 90 },
      },
    },
  },
});
