// Everybody who calls the service during one cell: clients of tasks, of schemas and of the cache, and watchers.
import { SchemaLoad } from "../support/schema-load/load.ts";
import { SchemaRecorder } from "../support/schema-load/recorder.ts";
import { CacheLoad } from "./cache-load.ts";
import type { Instance } from "./instance.ts";
import { Load, type LoadOptions } from "./load.ts";
import { type Recorded, Recorder } from "./recorder.ts";
import { Watchers } from "./watchers.ts";

const SCHEMAS = 2;
const SCHEMA_CLIENTS = 2;
/** Between two calls of a client of schemas; tasks are what most of a run is about. */
const SCHEMA_REST_MS = 20;
const CACHE_CLIENTS = 3;
const WATCHED = 2;

export class Crowd {
  readonly recorder = new Recorder();
  readonly schemaRecorder = new SchemaRecorder();
  readonly tasks: Load;
  readonly schemas: SchemaLoad;
  readonly cache: CacheLoad;
  readonly watchers: Watchers;
  readonly #instances: readonly Instance[];
  readonly #options: LoadOptions;

  constructor(kind: string, instances: readonly Instance[], options: LoadOptions) {
    this.#instances = instances;
    this.#options = options;
    this.tasks = new Load(kind, instances, options, this.recorder);
    const { deadlineMs } = options;
    this.schemas = new SchemaLoad(
      () => instances.map(({ schemas }) => schemas),
      {
        prefix: kind,
        schemas: SCHEMAS,
        clients: SCHEMA_CLIENTS,
        deadlineMs,
        restMs: SCHEMA_REST_MS,
        random: Math.random,
      },
      this.schemaRecorder,
    );
    this.cache = new CacheLoad(instances, { namespace: kind, clients: CACHE_CLIENTS, deadlineMs });
    this.watchers = new Watchers(kind, this.tasks.keys.slice(0, WATCHED), instances);
  }

  start(): void {
    this.tasks.start("c");
    void this.schemas.run();
    this.cache.start();
    this.watchers.start();
  }

  /** Resolves when the calls that are under way have ended. The watchers go on. */
  async stop(): Promise<void> {
    await Promise.all([this.tasks.stop(), this.schemas.stop(), this.cache.stop()]);
  }

  /** More clients of the same tasks; answers how to send them away. */
  burst(clients: number): () => Promise<void> {
    const load = new Load(this.tasks.kind, this.#instances, { ...this.#options, clients }, this.recorder);
    load.start("b");
    return () => load.stop();
  }

  get taskOperations(): readonly Recorded[] {
    return this.recorder.operations;
  }
}
