// The service as it is run: a process of its own, on a free loopback port, told what to do by its environment alone.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const START_TIMEOUT_MS = 25_000;
/** More than SHUTDOWN_TIMEOUT, after which the process ends by itself. */
const STOP_TIMEOUT_MS = 15_000;

/** One line of the service's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What the "serving" line says of the stores, such as `redis` and `mongodb`. */
  readonly stores: { readonly hot: string; readonly durable: string };
  /** Everything logged so far, of what is kept. */
  readonly log: readonly LogLine[];
  /** What the process wrote to its standard error so far. */
  readonly errors: string;
  /** Whether the process is gone. */
  readonly ended: boolean;
  /** SIGTERM; resolves with the exit code (null when it had to be killed). Again: does nothing more. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface ServerSettings {
  /** The service's settings; nothing of the test's own environment but PATH and UNARY_LANE reaches the process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kept after the process ends, for a restart; without it a temporary one, removed then. */
  readonly dataDir?: string;
  /** The lines of the log that are kept; all of them by default. For long runs. */
  readonly keeps?: (line: LogLine) => boolean;
  /** What is run in place of the sources. */
  readonly main?: string;
}

/** Resolves when the service logged that it serves; rejects, with its output, when it ended before or says nothing. */
export async function startServer({
  env = {},
  dataDir,
  keeps = () => true,
  main = MAIN,
}: ServerSettings = {}): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "dbconn-server-"));
  const child = spawn(process.execPath, [main], {
    // Away from the checkout, so that a developer's .env and data stay out of it.
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      DATA_DIR: dataDir ?? join(folder, "data"),
      // A machine that is busy with other tests is no overload of this service.
      MAX_LOOP_DELAY: "10s",
      // The same tests run with it and without.
      UNARY_LANE: process.env.UNARY_LANE ?? "true",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // The last resort where a runner ends without stopping: no process and no folder may stay behind.
  const onExit = () => {
    child.kill("SIGKILL");
    remove();
  };
  process.once("exit", onExit);
  const gone = once(child, "close").then(() => {
    process.off("exit", onExit);
    remove();
  });
  const log: LogLine[] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  try {
    const { host, port, hot, durable } = await serving(
      child,
      (line) => {
        if (keeps(line)) log.push(line);
      },
      () => `${errors}${JSON.stringify(log)}`,
    );
    const end = async (signal: NodeJS.Signals): Promise<number | null> => {
      child.kill(signal);
      const lastResort = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(lastResort);
      return child.exitCode;
    };
    return {
      url: `http://${host}:${port}`,
      port: Number(port),
      pid: Number(child.pid),
      stores: { hot: String(hot), durable: String(durable) },
      log,
      get errors() {
        return errors;
      },
      get ended() {
        return child.exitCode !== null || child.signalCode !== null;
      },
      stop: () => end("SIGTERM"),
      kill: async () => void (await end("SIGKILL")),
    };
  } catch (error) {
    child.kill("SIGKILL");
    await gone;
    throw error;
  }
}

/** The line that says where the service listens. */
async function serving(
  child: ChildProcessByStdio<null, Readable, Readable>,
  keep: (line: LogLine) => void,
  output: () => string,
): Promise<LogLine> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the service ${why}: ${output()}`));
    const timer = setTimeout(() => fail("did not say that it serves"), START_TIMEOUT_MS);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as LogLine;
      keep(line);
      if (line.msg !== "serving") return;
      clearTimeout(timer);
      resolve(line);
    });
  });
}
