/** The process: configuration, services, the port, signals. With main/ the only place that names concrete adapters. */
// First, since it has to be there before heaps are collected.
import "./main/held-tick.ts";
import cluster from "node:cluster";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { ConnectRouter } from "@connectrpc/connect";
import { CacheService } from "../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../gen/dbconn/v1/task_pb.ts";
import { DatabaseService } from "../gen/legacy/database_service/database_service_pb.ts";
import openApi from "../gen/openapi.json" with { type: "json" };
import packageJson from "../package.json" with { type: "json" };
import { isPattern } from "./adapters/ajv/is-pattern.ts";
import { type Config, ConfigError, describeConfig, loadConfig } from "./config.ts";
import { createObjects } from "./consistency/dual-store.ts";
import { Feed } from "./consistency/feed.ts";
import type { ObjectKind } from "./consistency/objects.ts";
import { StoresView } from "./consistency/stores-view.ts";
import { Fills } from "./domain/cache/fills.ts";
import { Bodies } from "./domain/schemas/bodies.ts";
import { schemaObjects } from "./domain/schemas/collections.ts";
import { DOCUMENT_VALUES } from "./domain/schemas/limits.ts";
import { SchemaRetention } from "./domain/schemas/retention.ts";
import { sweepForever } from "./domain/sweeper.ts";
import { TASK_OBJECTS } from "./domain/tasks/collections.ts";
import { endOldTasks } from "./domain/tasks/retention.ts";
import { Tasks } from "./domain/tasks/tasks.ts";
import { TaskWatches } from "./domain/tasks/watches.ts";
import { letHeapsGrow, trimHeap } from "./heap.ts";
import { openAuthentication } from "./main/authentication.ts";
import { consolePages } from "./main/console.ts";
import { addServiceGauges } from "./main/gauges.ts";
import { openObservability } from "./main/observability.ts";
import { openSchemaThreads } from "./main/schema-threads.ts";
import { openStores, timing } from "./main/stores.ts";
import { openTls } from "./main/tls.ts";
import { portToBind, superviseWorkers, turnToServe } from "./main/workers.ts";
import { openLog } from "./observability/log.ts";
import { metricsPage, relayMetrics } from "./observability/workers.ts";
import { createCacheService } from "./rpc/cache-service.ts";
import { errorInterceptor } from "./rpc/interceptors/errors.ts";
import { createLegacyService } from "./rpc/legacy/service.ts";
import { createSchemaService } from "./rpc/schema-service.ts";
import { createStatusService } from "./rpc/status-service.ts";
import { taskService } from "./rpc/task-service.ts";
import type { DeadlineRule } from "./server/deadline.ts";
import { createLimits } from "./server/limits.ts";
import { createReadiness } from "./server/readiness.ts";
import { createServer } from "./server/server.ts";

/** Exit code for a configuration that cannot work: a supervisor need not try again. */
const EXIT_CONFIG = 78;
/** Memory for documents of schemas that were read or written of late. */
const BODY_CACHE_BYTES = 64 * 1024 * 1024;
/** How long the port waits for the stores at the start. */
const FIRST_LEASE_MS = 2_000;
/** About how often tasks, tombstones and schemas whose time has passed are looked for. */
const SWEEP_EVERY_MS = 60_000;
/** How often a watch without news says that it is alive: often enough for proxies that end silent streams. */
const HEARTBEAT_MS = 15_000;
/** WaitTask may wait for 60 s, LeaseEntry for 30 s; the rest is for the answer. */
const WAITING: ReadonlyMap<string, DeadlineRule> = new Map([
  ["/dbconn.v1.TaskService/WaitTask", { defaultMs: 65_000, maxMs: 65_000, waits: true }],
  ["/dbconn.v1.CacheService/LeaseEntry", { defaultMs: 35_000, maxMs: 35_000, waits: true }],
]);

/** A schema's document, and what comes with it. */
const VALUES: ReadonlyMap<string, number> = new Map([
  ["/dbconn.v1.SchemaService/PublishRelease", DOCUMENT_VALUES + 1_000],
]);

/** They are given whole documents, whose size is at most a part of what they cost. */
const TAKE_TURNS: ReadonlySet<string> = new Set([
  "/dbconn.v1.SchemaService/PublishRelease",
  "/dbconn.v1.SchemaService/ValidateDocuments",
  "/dbconn.v1.SchemaService/ImportSchemas",
  "/database_service.DatabaseService/MongoInsertOneSchema",
  "/database_service.DatabaseService/MongoUpdateOneJsonSchema",
]);

function readConfig(): Config {
  try {
    return loadConfig(process.env, existsSync(".env") ? readFileSync(".env", "utf8") : "");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const line of error.lines) process.stderr.write(`${line}\n`);
    process.stderr.write("The settings are explained in .env.example.\n");
    process.exit(EXIT_CONFIG);
  }
}

async function main(): Promise<void> {
  const config = readConfig();
  const { logger: log, calls, relay, flush } = openLog(config.logLevel, cluster.worker?.id);
  process.on("exit", flush);
  const processes = config.workers === "auto" ? availableParallelism() : config.workers;
  if (processes > 1 && cluster.isPrimary) {
    const serving = { hot: "redis", durable: "mongodb" };
    relayMetrics();
    return superviseWorkers({ processes, log, relay, ...config.server, serving });
  }
  log.debug({ settings: describeConfig(config) }, "settings in force");
  for (const warning of config.warnings) log.warn(warning);

  const instance = timing.uniqueId();
  const { version } = packageJson;
  const observability = await openObservability({ ...config, log: calls, version, instance });
  const { metrics, observer } = observability;
  const opened = await openStores(config, instance, observability.stores);
  const { durable, hot, cache, generation, close } = opened;
  const stores = new StoresView(generation, durable, hot);
  const protocol = { durable, hot, generation, timing };
  const objects = (kind: ObjectKind, written = (_key: string) => {}) =>
    observability.objects(kind.hotPrefix, createObjects({ kind, ...protocol, written }));
  const threads = openSchemaThreads(config.validator);
  const common = { store: durable, clock: { now: timing.now }, ids: { random: timing.uniqueId } };
  const { tombstoneRetentionMs } = config.durable;
  const feed = new Feed({ kind: TASK_OBJECTS, ...protocol });
  const taskOptions = {
    ...common,
    objects: objects(TASK_OBJECTS, (key) => feed.wake(key)),
    settings: config.tasks,
  };
  const tasks = new Tasks(taskOptions);
  const watches = new TaskWatches({ ...taskOptions, feed, timing, heartbeatMs: HEARTBEAT_MS });
  const schemas = {
    ...common,
    objects: objects(schemaObjects(config.schemas.hotTtlMs)),
    bodies: new Bodies(durable, BODY_CACHE_BYTES),
    validator: threads,
    comparer: threads,
    deletedRetentionMs: config.schemas.deletedRetentionMs,
  };
  const entries = {
    ...common,
    store: cache,
    generation: stores,
    timing,
    chance: Math.random,
    ttls: config.cache.ttls,
    fills: new Fills(),
    stats: { hits: 0, misses: 0 },
  };
  const maxMessageBytes = config.server.limits.writeMaxBytes;
  const legacy = createLegacyService({ tasks, schemas, cache: entries, stores, isPattern, maxMessageBytes });
  const status = {
    stores,
    onChange: (listener: () => void) => generation.onChange(listener),
    uptime: timing.monotonic,
    version,
    instanceId: instance,
  };

  const pages = config.server.console ? consolePages() : undefined;
  if (config.server.console && pages === undefined) {
    log.warn("there is no console at /console until npm run build:console has made it");
  }
  const authentication = await openAuthentication(config.auth, timing.now, log);
  const tls = openTls(config.server.tls, (material) => server.renewTls(material), log);
  const readiness = createReadiness();
  const server = await createServer({
    routes: (router: ConnectRouter) => {
      router
        .service(TaskService, taskService(tasks, watches))
        .service(SchemaService, createSchemaService(schemas))
        .service(CacheService, createCacheService(entries))
        .service(StatusService, createStatusService(status));
      if (config.server.legacyApi) router.service(DatabaseService, legacy);
    },
    interceptors: [errorInterceptor(log), ...authentication.interceptors],
    observer,
    metrics: metricsPage(metrics.registry),
    tls: tls.options,
    ...(authentication.authenticate && { authenticate: authentication.authenticate }),
    unaryLane: config.server.unaryLane,
    limits: createLimits(config.server.limits),
    corsOrigins: config.server.corsOrigins,
    documents: { "/openapi.json": openApi },
    pages,
    readiness,
    log,
    errorDomain: "dbconn",
    deadlineFor: (path) => WAITING.get(path),
    valuesFor: (path) => VALUES.get(path),
    takesTurns: (path) => TAKE_TURNS.has(path),
  });

  addServiceGauges(metrics, { version, stores, readiness, server, feed, durable, timing });

  generation.start();
  const sweeping = new AbortController();
  const retention = { ...taskOptions, tombstoneRetentionMs };
  const schemaRetention = new SchemaRetention(schemas);
  const swept = sweepForever(
    [
      { name: "tasks", run: (signal) => endOldTasks(retention, signal) },
      { name: "schemas", run: (signal) => schemaRetention.sweep(signal) },
    ],
    {
      everyMs: SWEEP_EVERY_MS,
      timing,
      chance: Math.random,
      onFailure: (sweep, err) => log.warn({ err, sweep }, "a sweep failed and will be tried again"),
    },
    sweeping.signal,
  );
  let mode = "";
  const unsubscribe = generation.onChange(() => {
    const { ready, reason } = stores.readiness();
    readiness.setReady(ready, reason);
    const now = stores.state();
    if (now.mode === mode) return;
    mode = now.mode;
    log[mode === "normal" ? "info" : "warn"]({ mode, reason: now.reason }, "mode of the stores");
  });
  // Whoever reads "serving" may call at once; a store that is away is no reason not to listen.
  const firstLook = AbortSignal.timeout(FIRST_LEASE_MS);
  const [problem] = await Promise.all([
    opened.formatProblem(firstLook),
    generation.lease(firstLook).catch(() => undefined),
  ]);
  if (problem !== undefined) throw problem;
  letHeapsGrow();
  await trimHeap();
  await turnToServe(readiness, log);
  const { host, port } = await server.listen(config.server.host, portToBind(config.server.port));
  // With several workers, the process that started them says it for all.
  const serving = cluster.isWorker ? "worker serving" : "serving";
  const { pid } = process;
  log.info({ host, port, pid, hot: hot.kind, durable: durable.kind, instance }, serving);

  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    await server.close(config.server.shutdownTimeoutMs);
    unsubscribe();
    sweeping.abort();
    authentication.close();
    tls.close();
    await swept;
    await Promise.allSettled([threads.close(), close()]);
    await observability.close();
    log.info("stopped");
    // Whatever else still waits, such as for a collector of traces, is not worth the wait.
    process.exit();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, (name) => void stop(name));
}

await main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The service did not start: ${message}\n`);
  process.exit(1);
});
