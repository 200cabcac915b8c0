import { defineConfig } from "vitest/config";

/** Of every project. */
const common = {
  // Processes and not threads: the tests start servers, send signals and change process.env.
  pool: "forks" as const,
  setupFiles: ["test/support/fast-check.ts"],
  // A hang must end, and two busy cores must not fail a sound test.
  testTimeout: 30_000,
  hookTimeout: 30_000,
  retry: 0,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "all",
          include: ["test/**/*.test.ts"],
          globalSetup: "test/support/global-setup.ts",
        },
      },
      {
        // What the port promises holds on both ways through it.
        test: {
          ...common,
          name: "without the unary lane",
          include: ["test/server/**/*.test.ts", "test/protocol/{bad-input,embedded,json,malformed}.test.ts"],
          // How frames are read is the lane's own affair.
          exclude: ["test/server/h2-{attacks,connection,headers,stall}.test.ts"],
          env: { UNARY_LANE: "false" },
        },
      },
    ],
    reporters: ["default", "./test/support/not-run-reporter.ts"],
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
