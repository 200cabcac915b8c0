import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeWhere } from "../support/real-stores.ts";

const listed = spawnSync("git", ["-c", "safe.directory=*", "ls-files", "-z"], { encoding: "utf8" });
const tracked = listed.status === 0 ? listed.stdout.split("\0").filter((file) => file !== "") : [];

/** Built from pieces, so that this file does not hold what it looks for. `/home/node` is the container image's. */
const MACHINE_PATH = new RegExp(
  [`/${"home"}/(?!node\\b)[a-z]`, `/${"Users"}/[A-Za-z]`, `/${"root"}/`, `/${"work"}/[a-z]`]
    .map((path) => `(?<![\\w.$}-])${path}`)
    .join("|"),
);

describeWhere("the repository", tracked.length > 0 ? undefined : "this is not a git checkout", () => {
  it("locks packages without saying from which registry they came", () => {
    const lock: { packages: Record<string, { resolved?: string; link?: boolean }> } = JSON.parse(
      readFileSync("package-lock.json", "utf8"),
    );
    // A package of this repository is a link to its folder.
    const resolved = Object.entries(lock.packages).filter(
      ([, { link, resolved }]) => resolved !== undefined && link !== true,
    );
    expect(resolved).toEqual([]);
  });

  it.each([
    [`see /${"home"}/someone/project`, true],
    [`path: "/${"root"}/.cache"`, true],
    [`/${"work"}/main/src`, true],
    [`/${"Users"}/Someone/x`, true],
    [`https://example.com/${"home"}/page`, false],
    [`test/${"work"}/file`, false],
    [`/${"home"}/node/app`, false],
  ])("knows a path of one machine when it sees one: %s", (text, isMachinePath) => {
    expect(MACHINE_PATH.test(text)).toBe(isMachinePath);
  });

  it("holds no path of one machine", () => {
    const lines = tracked.flatMap((file) => machinePathsIn(file));
    expect(lines).toEqual([]);
  });
});

function machinePathsIn(file: string): readonly string[] {
  const content = contentOf(file);
  return content
    .split("\n")
    .flatMap((line, index) => (MACHINE_PATH.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

/** Empty for a file that is tracked but deleted in the working tree. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
