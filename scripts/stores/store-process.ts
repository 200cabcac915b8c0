// One store server as a child process: a free loopback port, a folder of its own, and the signals that fault tests
// need. The port and the folder outlive the process, so that it can be killed and started again as the same server.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const LOG_TAIL_CHARS = 4_000;
const PORT_ATTEMPTS = 5;

export interface StoreProcess {
  readonly port: number;
  /** The data folder; a temporary one, removed by `stop`. */
  readonly folder: string;
  /** Id of the running process; changes with `restart`. */
  readonly pid: number;
  /** SIGTERM (SIGKILL after 5 s), then the data folder is removed. Calling it again does nothing. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. Port and folder stay for `restart`. */
  kill(): Promise<void>;
  /** SIGSTOP: the sockets stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Starts the process again on the same port and folder after `kill` (kills it first if it runs). */
  restart(): Promise<void>;
}

export interface StoreCommand {
  readonly name: string;
  readonly path: string;
  args(at: { readonly port: number; readonly folder: string }): readonly string[];
  /** Resolves when the server answered a real command; rejects when the signal aborts. */
  ready(port: number, signal: AbortSignal): Promise<void>;
}

/**
 * Resolves when the server answers. A port that somebody else takes between its choice and the bind is chosen again.
 * Rejects with the tail of the server's own output when it ends early or does not answer within 30 s.
 */
export async function startStoreProcess(command: StoreCommand): Promise<StoreProcess> {
  const folder = await mkdtemp(join(tmpdir(), `dbconn-${command.name}-`));
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return supervise(command, port, folder, await launch(command, port, folder));
    } catch (error) {
      if (attempt < PORT_ATTEMPTS && /address already in use/i.test(String(error))) continue;
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has no TCP address");
  return address.port;
}

function supervise(command: StoreCommand, port: number, folder: string, first: ChildProcess): StoreProcess {
  let child = first;
  let stopped = false;
  const kill = () => end(child, "SIGKILL");
  // The last resort where a runner ends without stopping: no server and no folder may stay behind.
  const onExit = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", onExit);
  return {
    port,
    folder,
    get pid() {
      return pidOf(child);
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      await end(child, "SIGTERM");
      process.off("exit", onExit);
      rmSync(folder, { recursive: true, force: true });
    },
    kill,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async restart() {
      if (stopped) throw new Error(`${command.name} was stopped and its data removed`);
      await kill();
      child = await launch(command, port, folder);
    },
  };
}

async function launch(command: StoreCommand, port: number, folder: string): Promise<ChildProcess> {
  const child = spawn(command.path, command.args({ port, folder }), { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output = (output + chunk).slice(-LOG_TAIL_CHARS);
    });
  }
  const ended = new AbortController();
  child.once("error", (error) => ended.abort(error));
  // "close" and not "exit": only then is the whole output read, and it says why.
  child.once("close", (code, signal) => ended.abort(new Error(`it ended with ${code ?? signal}`)));
  try {
    await command.ready(port, AbortSignal.any([ended.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]));
    // Another server may have answered on the port while ours could not bind it.
    ended.signal.throwIfAborted();
    return child;
  } catch (error) {
    await end(child, "SIGKILL");
    throw new Error(`${command.name} did not start on 127.0.0.1:${port}: ${error}\n${output}`, {
      cause: error,
    });
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  // A paused process gets its SIGTERM only once it runs again.
  child.kill("SIGCONT");
  const lastResort = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(lastResort);
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("the process was never started");
  return child.pid;
}
