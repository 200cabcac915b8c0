/** Servers as processes of their own, and what Linux says about them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
/** Of /proc/PID/stat; the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** SIGTERM, and SIGKILL when that does not help. */
  stop(): Promise<void>;
}

export interface Command {
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Resolves with the port when the process wrote a line of JSON with a `port` in it. It runs in a temporary folder that
 * is removed with it.
 */
export async function startProcess({ path, args, env = {} }: Command): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "dbconn-bench-"));
  const child = spawn(path, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Where the bench ends early, no process and no folder may stay behind.
  const onExit = () => {
    child.kill("SIGKILL");
    remove();
  };
  process.once("exit", onExit);
  const gone = once(child, "close").then(() => {
    process.off("exit", onExit);
    remove();
  });
  const port = await portOf(child, [path, ...args].join(" "));
  // What it logs from now on is read and dropped, so that the pipe never fills.
  child.stdout?.resume();
  return {
    port,
    pid: Number(child.pid),
    stop: async () => {
      child.kill("SIGTERM");
      const lastResort = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(lastResort);
    },
  };
}

function portOf(child: ChildProcess, command: string): Promise<number> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("the process has no pipes");
  let output = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-4_000);
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${command} ${why}\n${output}`));
    const timer = setTimeout(() => fail("did not say its port"), START_TIMEOUT_MS);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
    const lines = createInterface({ input: stdout });
    lines.on("line", (line) => {
      output += `${line}\n`;
      const port = /"port":(\d+)/.exec(line)?.[1];
      // Of several workers only the process that started them knows when all are there.
      if (port === undefined || line.includes('"msg":"worker serving"')) return;
      clearTimeout(timer);
      lines.close();
      resolve(Number(port));
    });
  });
}

/** The process and what it started. */
function family(pid: number): readonly number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [pid];
  const children = readFileSync(path, "utf8").trim().split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(family)];
}

/** Seconds of processor time that the process and its children have used. */
export function cpuSeconds(pid: number): number {
  return sumOf(pid, (id) => {
    // The name, in brackets, may hold blanks.
    const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  });
}

/** Memory in use by the process and its children, in MB of a million bytes. */
export function residentMb(pid: number): number {
  return sumOf(pid, (id) => {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
    return (Number(kib) * 1024) / 1e6;
  });
}

function sumOf(pid: number, value: (id: number) => number): number {
  return family(pid).reduce((sum, id) => sum + value(id), 0);
}
