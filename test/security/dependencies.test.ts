import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Package {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}

const lock: { packages: Record<string, Package> } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const manifest: {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
} = JSON.parse(readFileSync("package.json", "utf8"));
/** Not the project's own packages, which are in the checkout. */
const installed = Object.entries(lock.packages).filter(
  ([path, { link }]) => path.includes("node_modules/") && link !== true,
);
const nameOf = (path: string) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

/** Those that let the service be used and passed on under its own licence. */
const LICENCES = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MPL-2.0",
  "Python-2.0",
  "Unlicense",
]);

/** An expression of SPDX: of alternatives one has to do, of what is joined all have to. */
function isAllowed(licence: string): boolean {
  const plain = licence.replace(/[()]/g, "");
  return plain.split(" OR ").some((part) => part.split(" AND ").every((one) => LICENCES.has(one)));
}

describe("a dependency", () => {
  it("is there at all", () => {
    expect(installed.length).toBeGreaterThan(50);
  });

  it("has a licence that can be lived with", () => {
    const others = installed.filter(([, { license }]) => license === undefined || !isAllowed(license));
    expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
  });

  it("is locked by hash", () => {
    expect(
      installed.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? "")).map(([path]) => path),
    ).toEqual([]);
  });

  it("that this project names is named by its exact version", () => {
    const named = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(named.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });

  it("runs scripts when it is installed only if it is listed", () => {
    const running = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const unlisted = running.filter(([path]) => !Object.hasOwn(manifest.allowScripts, nameOf(path)));
    expect(unlisted.map(([path]) => path)).toEqual([]);
  });

  it("is not taken on the days after it was published", () => {
    const [, days] = /^min-release-age=(\d+)$/m.exec(readFileSync(".npmrc", "utf8")) ?? [];
    expect(Number(days)).toBeGreaterThanOrEqual(3);
  });
});
