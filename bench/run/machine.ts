import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release } from "node:os";

const TOOLS: readonly (readonly [string, ...string[]])[] = [
  ["h2load", "--version"],
  ["wrk", "-v"],
  ["redis-server", "--version"],
  ["go", "version"],
  ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"],
];

/** What a figure is worth nothing without: one line each. */
export function describeMachine(): readonly string[] {
  const packages = ["redis", "mongodb", "fastify", "@connectrpc/connect", "@grpc/grpc-js"].map(versionOf);
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), Linux ${release()}, Node ${process.version}`,
    packages.join(", "),
    TOOLS.map(([command, ...args]) => firstLine(command, args)).join("; "),
  ];
}

/** Cores that were busy in the last minute: figures taken beside others' work are worth less. */
export function busyCores(): number {
  return loadavg()[0] ?? 0;
}

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return `${name} ${version}`;
}

function firstLine(command: string, args: readonly string[]): string {
  const { stdout = "", stderr = "" } = spawnSync(command, args, { encoding: "utf8" });
  const text = `${stdout}${stderr}`.trim().split("\n")[0] ?? "";
  return command === "git" ? `commit ${text}` : text.replace(/ Copyright.*$/, "");
}
