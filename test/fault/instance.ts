// One server process of a fault run, and the gRPC clients to it. Its port and settings outlive the process.
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { freePort } from "../../scripts/stores/store-process.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { now } from "./clock.ts";

export interface InstanceSettings {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir?: string;
}

/** Milliseconds of the history's clock. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

interface Clients {
  readonly tasks: Client<typeof TaskService>;
  readonly schemas: Client<typeof SchemaService>;
  readonly cache: Client<typeof CacheService>;
  readonly status: Client<typeof StatusService>;
}

interface Running {
  readonly process: ServerProcess;
  readonly clients: Clients;
  disconnect(): void;
}

export class Instance {
  readonly name: string;
  /** When the process was paused, ended or not there: nobody can answer in time then. */
  readonly disturbed: Span[] = [];
  readonly #settings: InstanceSettings;
  readonly #port: number;
  #running: Running;
  #disturbedSince: number | undefined;

  private constructor(settings: InstanceSettings, port: number, running: Running) {
    this.name = settings.name;
    this.#settings = settings;
    this.#port = port;
    this.#running = running;
  }

  static async start(settings: InstanceSettings): Promise<Instance> {
    const port = await freePort();
    return new Instance(settings, port, await run(settings, port));
  }

  get tasks(): Client<typeof TaskService> {
    return this.#running.clients.tasks;
  }

  get schemas(): Client<typeof SchemaService> {
    return this.#running.clients.schemas;
  }

  get cache(): Client<typeof CacheService> {
    return this.#running.clients.cache;
  }

  get status(): Client<typeof StatusService> {
    return this.#running.clients.status;
  }

  /** Of a process on SQLite. */
  get dataDir(): string {
    const { dataDir } = this.#settings;
    if (dataDir === undefined) throw new Error(`${this.name} has no folder of its own`);
    return dataDir;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return this.#running.process.url;
  }

  get pid(): number {
    return this.#running.process.pid;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#disturb();
    await this.#running.process.kill();
  }

  /** SIGTERM; resolves with the exit code. */
  async terminate(): Promise<number | null> {
    this.#disturb();
    return this.#running.process.stop();
  }

  /** SIGSTOP. */
  pause(): void {
    this.#disturb();
    process.kill(this.pid, "SIGSTOP");
  }

  /** SIGCONT. */
  resume(): void {
    process.kill(this.pid, "SIGCONT");
    this.#settle();
  }

  /** A new process in the place of one that ended. */
  async restart(): Promise<void> {
    this.#running.disconnect();
    this.#running = await run(this.#settings, this.#port);
    this.#settle();
  }

  async close(): Promise<void> {
    this.#running.disconnect();
    await this.#running.process.kill();
  }

  #disturb(): void {
    this.#disturbedSince = now();
  }

  #settle(): void {
    if (this.#disturbedSince !== undefined) this.disturbed.push({ from: this.#disturbedSince, until: now() });
    this.#disturbedSince = undefined;
  }
}

async function run({ env, dataDir }: InstanceSettings, port: number): Promise<Running> {
  const server = await startServer({
    env: { ...env, PORT: String(port), LOG_LEVEL: "info" },
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const sessionManager = new Http2SessionManager(server.url);
  const transport = createGrpcTransport({ baseUrl: server.url, sessionManager });
  return {
    process: server,
    clients: {
      tasks: createClient(TaskService, transport),
      schemas: createClient(SchemaService, transport),
      cache: createClient(CacheService, transport),
      status: createClient(StatusService, transport),
    },
    disconnect: () => sessionManager.abort(),
  };
}
