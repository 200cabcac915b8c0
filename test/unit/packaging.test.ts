import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const dockerfile = readFileSync("Dockerfile", "utf8");
const finalStage = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
const compose = readFileSync("compose.yaml", "utf8");

/** The values of one Dockerfile instruction in the stage that becomes the image. */
function instructions(name: string): readonly string[] {
  return [...finalStage.matchAll(new RegExp(`^${name} (.*)$`, "gm"))].map((match) => match[1] ?? "");
}

describe("the container image", () => {
  it("does not run as root", () => {
    expect(instructions("USER").at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it("listens beyond loopback, and leaves it to the user to allow that without authentication", () => {
    expect(instructions("ENV").join(" ")).toMatch(/\bHOST=0\.0\.0\.0\b/);
    expect(instructions("ENV").join(" ")).not.toMatch(/ALLOW_INSECURE/);
  });

  it("says whether it is alive", () => {
    expect(finalStage).toMatch(/^HEALTHCHECK .*\\\n\s*CMD \["node", .*\/livez/m);
  });

  it("runs what npm start runs", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(instructions("CMD")).toEqual([JSON.stringify(scripts.start.split(" ")).replaceAll(",", ", ")]);
  });

  it("holds production dependencies only", () => {
    expect(dockerfile).toMatch(/npm ci --omit=dev/);
  });

  it("is built from nothing but what the service and its console are made of", () => {
    const lines = readFileSync(".dockerignore", "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const scripts = ["!scripts/build-console.ts", "!scripts/build-service.ts", "!scripts/build"];
    const builds = ["!console", "console/dist", ...scripts, "!tsconfig.json"];
    expect(lines).toEqual(["*", "!package.json", "!package-lock.json", "!gen", "!src", ...builds]);
  });
});

describe("compose.yaml", () => {
  it("publishes ports on the host's loopback only", () => {
    // Every item of every `ports:` list, whatever its form.
    const published = [...compose.matchAll(/^ +ports:\n((?: +- .*\n)+)/gm)].flatMap((match) =>
      (match[1] ?? "").trim().split(/\n/),
    );
    expect(compose.match(/\bports:/g)).toHaveLength(1);
    expect(published).toHaveLength(1);
    for (const port of published) expect(port).toMatch(/^ *- "127\.0\.0\.1:\d+:\d+"$/);
    expect(compose).not.toMatch(/network_mode|privileged/);
  });

  it("starts the service once Redis answers and MongoDB is a primary", () => {
    expect(compose.match(/condition: service_healthy/g)).toHaveLength(2);
    expect(compose).toMatch(/isWritablePrimary/);
  });
});

describe("README.md", () => {
  it("holds the one line that CI runs", () => {
    expect(readFileSync("README.md", "utf8").match(/^npm ci && npm test/gm)).toHaveLength(1);
  });
});
