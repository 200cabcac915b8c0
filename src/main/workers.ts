/** Several processes on the one port: this one starts the others, hands them connections, and serves nothing itself. */
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { Readable } from "node:stream";
import type { Logger } from "pino";
import type { Readiness } from "../server/readiness.ts";

/** Tells a process the port that was found, where any free one was asked for; not a setting. */
const FOUND_PORT = "DBCONN_FOUND_PORT";
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 30_000;
/** A process that served for so long was well: what ended it is a new cause. */
const WELL_MS = 60_000;
/** On top of what processes may take to drain; then they are killed. */
const LAST_RESORT_MS = 2_000;

export interface WorkersOptions {
  /** How many. */
  readonly processes: number;
  readonly log: Logger;
  /** Takes what a worker writes to its standard output. */
  readonly relay: (output: Readable) => void;
  readonly host: string;
  /** 0: any free one, the same for all and for those that are started later. */
  readonly port: number;
  readonly shutdownTimeoutMs: number;
  /** What the line that says where the service listens tells beside it. */
  readonly serving: Readonly<Record<string, unknown>>;
}

/** Of a worker that is not ready: whether it is to serve all the same. */
interface AskToServe {
  readonly type: "serve:ask";
}
interface MayServe {
  readonly type: "serve:answer";
  readonly may: boolean;
}

/** How long (ms) to wait before a process that ended is started again: longer each time that it soon ends again. */
export function restartPause(lastPauseMs: number, livedMs: number): number {
  return livedMs >= WELL_MS || lastPauseMs === 0 ? FIRST_PAUSE_MS : Math.min(2 * lastPauseMs, LAST_PAUSE_MS);
}

/** The port to bind in this process: the one asked for, or what was found in place of 0. */
export function portToBind(asked: number): number {
  return Number(process.env[FOUND_PORT] ?? asked);
}

/**
 * Resolves when this process is to take connections. Beside other workers that is not before it is ready: a part of all
 * connections would be dealt to it, and every call on them fail. One serves in any case, for the probes to have an
 * answer and callers a reason.
 */
export async function turnToServe(readiness: Readiness, log: Logger): Promise<void> {
  if (cluster.worker === undefined || readiness.state.ready) return;
  const may = new Promise<boolean>((resolve) => {
    const take = (message: unknown): void => {
      if (!isMessage<MayServe>(message, "serve:answer")) return;
      process.off("message", take);
      resolve(message.may);
    };
    process.on("message", take);
  });
  const ask: AskToServe = { type: "serve:ask" };
  process.send?.(ask);
  if (await may) return;
  log.warn({ reason: readiness.state.reason }, "another worker serves while this one is not ready");
  await new Promise<void>((resolve) => {
    const look = ({ ready }: Readiness["state"]): void => {
      if (!ready) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = readiness.subscribe(look);
    look(readiness.state);
  });
}

/**
 * Starts them and starts again what ends. SIGTERM and SIGINT drain all at once; when they are gone this process ends,
 * with exit code 0 when all ended well. Where one cannot even start the first time, all end with its exit code.
 *
 * Connections are dealt out in turn. The kernel's own spreading (SO_REUSEPORT) goes by a hash of the addresses, which
 * leaves cores idle where a few connections carry all calls, as gRPC's do.
 */
export async function superviseWorkers(options: WorkersOptions): Promise<void> {
  const { processes, log, relay, host, shutdownTimeoutMs } = options;
  const port = options.port === 0 ? await freePort(host) : options.port;
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const pauses = new Set<NodeJS.Timeout>();
  const listening = new Set<number>();
  /** Those that are there and listen, or were told to. */
  const serving = new Set<number>();
  let stopping = false;

  const start = (lastPauseMs: number): void => {
    const worker = cluster.fork({ [FOUND_PORT]: String(port) });
    const began = performance.now();
    if (worker.process.stdout !== null) relay(worker.process.stdout);
    worker.once("listening", (address) => {
      listening.add(worker.id);
      serving.add(worker.id);
      if (listening.size === processes) {
        log.info({ ...options.serving, host: address.address, port, workers: processes }, "serving");
      }
    });
    worker.on("message", (message: unknown) => {
      if (!isMessage<AskToServe>(message, "serve:ask")) return;
      const answer: MayServe = { type: "serve:answer", may: serving.size === 0 };
      if (answer.may) serving.add(worker.id);
      worker.send(answer);
    });
    worker.once("exit", (code, signal) => {
      serving.delete(worker.id);
      if (stopping) {
        // One that had not come to listen for signals yet is ended by them.
        if (code !== 0 && signal !== "SIGTERM") process.exitCode = 1;
        return;
      }
      const ended = { worker: worker.id, pid: worker.process.pid, code, signal };
      if (listening.size === 0) {
        log.error(ended, "a worker could not start");
        process.exitCode = code || 1;
        stop("SIGTERM");
        return;
      }
      const pauseMs = restartPause(lastPauseMs, performance.now() - began);
      log.error({ ...ended, pauseMs }, "a worker ended and is started again");
      const pause = setTimeout(() => {
        pauses.delete(pause);
        start(pauseMs);
      }, pauseMs);
      pauses.add(pause);
    });
  };

  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping all workers");
    for (const pause of pauses) clearTimeout(pause);
    for (const worker of workers()) worker.process.kill("SIGTERM");
    setTimeout(() => {
      for (const worker of workers()) worker.process.kill("SIGKILL");
    }, shutdownTimeoutMs + LAST_RESORT_MS).unref();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);
  for (let n = 0; n < processes; n++) start(0);
}

function isMessage<Message extends { readonly type: string }>(
  message: unknown,
  type: Message["type"],
): message is Message {
  return typeof message === "object" && message !== null && "type" in message && message.type === type;
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function workers(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}
