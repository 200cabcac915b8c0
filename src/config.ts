/**
 * The configuration, read once at the start: from the environment and a .env file, checked as a whole. A bad value
 * stops the start with one line for each problem, which names the setting, what it got and what it takes.
 */
import { parse as parseDotenv } from "dotenv";
import { cleanEnv } from "envalid";
import { otelProblems } from "./config/otel.ts";
import { redactUrl, shown } from "./config/redact.ts";
import { redisStore } from "./config/redis.ts";
import { authentication, callerLimits, checkSecurity, securityWarnings, tls } from "./config/security.ts";
import { SETTINGS, type SettingName } from "./config/settings.ts";
import { type Environment, readSources, type Sources } from "./config/sources.ts";
import { mongodbUri, type Report, type Values } from "./config/stores.ts";

/** Frozen to the bottom. Times are in milliseconds. */
export type Config = ReturnType<typeof build>;

/** Why the service cannot start. */
export class ConfigError extends Error {
  /** One for each problem; no secrets. */
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join("\n"));
    this.name = "ConfigError";
    this.lines = lines;
  }
}

/** Throws ConfigError. `dotenvText` is the content of the .env file, when there is one. */
export function loadConfig(environment: Environment, dotenvText = ""): Config {
  const sources = readSources(environment, parseDotenv(dotenvText));
  const problems = [...sources.problems];
  const report: Report = (name, problem) => problems.push(`${sources.writtenAs[name] ?? name}: ${problem}`);
  const values = parseValues(sources, report);
  // What follows from several values is worth looking at only when each of them is good.
  if (problems.length > 0) throw new ConfigError(problems);
  const config = build(values, sources, report);
  checkTogether(values, report);
  problems.push(...otelProblems(sources.otel));
  checkWorkers(config, report);
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

/** One line for each value in force, without secrets. */
export function describeConfig(config: Config): string {
  // Of OpenTelemetry's variables only the names: a collector's headers hold keys.
  const otel = Object.keys(config.otel);
  return flatten("", { ...config, otel: otel.join(" ") }).join("\n");
}

function parseValues({ values }: Sources, report: Report): Values {
  return cleanEnv(values, SETTINGS, {
    reporter: ({ errors }) => {
      for (const name of Object.keys(errors) as SettingName[]) {
        report(name, `got ${shown(name, values[name] ?? "")}, takes ${SETTINGS[name].desc}`);
      }
    },
  });
}

function build(values: Values, { otel, warnings }: Sources, report: Report) {
  const redis = redisStore(values, report);
  const mongodb = mongodbUri(values, report);
  return {
    logLevel: values.LOG_LEVEL,
    /** Of the calls that go well, every n-th is logged; 0: none. */
    logEvery: values.LOG_EVERY,
    otel,
    /** Processes on the one port; auto: one for each core. */
    workers: values.WORKERS,
    server: {
      host: values.HOST,
      port: values.PORT,
      corsOrigins: values.CORS_ORIGINS,
      shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT,
      tls: tls(values),
      /** Whether clients of this service's predecessor are served. */
      legacyApi: values.LEGACY_API,
      /** Whether unary calls of gRPC and Connect go past Connect's adapter. */
      unaryLane: values.UNARY_LANE,
      /** Whether the admin console is served at /console. */
      console: values.CONSOLE,
      limits: {
        maxConnections: values.MAX_CONNECTIONS,
        maxConcurrentStreams: values.MAX_STREAMS,
        maxInFlight: values.MAX_IN_FLIGHT,
        maxWaiting: values.MAX_WAITING,
        loopDelayMs: values.MAX_LOOP_DELAY,
        ...callerLimits(values),
        maxHeaderBytes: values.MAX_HEADER_BYTES,
        firstBytesMs: values.HEADER_TIMEOUT,
        headersMs: values.HEADER_TIMEOUT,
        streamStallMs: values.STREAM_STALL_TIMEOUT,
        streamResetBurst: values.STREAM_RESET_BURST,
        streamResetPerSecond: values.STREAM_RESET_RATE,
        readMaxBytes: values.MAX_MESSAGE_BYTES,
        // What fits as protobuf may take more as JSON: a cache entry of 1 MiB six times as much, escaped.
        writeMaxBytes: 2 * values.MAX_MESSAGE_BYTES,
        bodyMs: values.BODY_TIMEOUT,
        idleMs: values.IDLE_TIMEOUT,
        maxAgeMs: values.MAX_CONNECTION_AGE,
        defaultDeadlineMs: values.DEFAULT_DEADLINE,
        maxDeadlineMs: values.MAX_DEADLINE,
      },
    },
    auth: authentication(values),
    hot: {
      timeoutMs: values.HOT_TIMEOUT,
      /** Undefined: the embedded memory store. */
      redis: redis === undefined ? undefined : { ...redis, prefix: values.REDIS_PREFIX },
      memory: { maxBytes: values.MEMORY_MAX_BYTES, maxEntries: values.MEMORY_MAX_ENTRIES },
    },
    durable: {
      timeoutMs: values.DURABLE_TIMEOUT,
      /** Undefined: SQLite in `dataDir`. */
      mongodb:
        mongodb === undefined
          ? undefined
          : { uri: mongodb, database: values.MONGODB_DATABASE, collections: collectionsOf(values) },
      dataDir: values.DATA_DIR,
      tombstoneRetentionMs: values.TOMBSTONE_RETENTION,
    },
    generationLeaseMs: values.GENERATION_LEASE,
    tasks: {
      hotTtlMs: {
        PENDING: values.TASK_TTL_PENDING,
        PROCESSING: values.TASK_TTL_PROCESSING,
        COMPLETED: values.TASK_TTL_COMPLETED,
        FAILED: values.TASK_TTL_FAILED,
        CANCELLED: values.TASK_TTL_CANCELLED,
      },
      /** A state without one is kept for ever. */
      retentionMs: present({
        PENDING: values.TASK_RETENTION_PENDING,
        PROCESSING: values.TASK_RETENTION_PROCESSING,
        COMPLETED: values.TASK_RETENTION_COMPLETED,
        FAILED: values.TASK_RETENTION_FAILED,
        CANCELLED: values.TASK_RETENTION_CANCELLED,
      }),
    },
    schemas: { hotTtlMs: values.SCHEMA_TTL, deletedRetentionMs: values.SCHEMA_RETENTION_DELETED },
    cache: {
      ttls: {
        default: values.CACHE_TTL_DEFAULT,
        byNamespace: { user: values.CACHE_TTL_USER, schema: values.CACHE_TTL_SCHEMA },
      },
    },
    validator: {
      workers: values.VALIDATOR_WORKERS,
      jobMs: values.VALIDATOR_TIMEOUT,
      heapMb: values.VALIDATOR_HEAP_MB,
      queue: values.VALIDATOR_QUEUE,
    },
    /** For the log: what looks like a mistake but may be somebody else's affair. */
    warnings: [...warnings, ...securityWarnings(values)],
  };
}

/** Collections in MongoDB by the name that the domain knows them by. */
function collectionsOf(values: Values) {
  return {
    tasks: values.MONGODB_COLLECTION_TASKS,
    task_events: values.MONGODB_COLLECTION_TASK_EVENTS,
    schemas: values.MONGODB_COLLECTION_SCHEMAS,
    schema_bodies: values.MONGODB_COLLECTION_SCHEMA_BODIES,
    schema_events: values.MONGODB_COLLECTION_SCHEMA_EVENTS,
    control: values.MONGODB_COLLECTION_CONTROL,
  };
}

function checkTogether(values: Values, report: Report): void {
  checkSecurity(values, report);
  if (values.DEFAULT_DEADLINE > values.MAX_DEADLINE) {
    report("DEFAULT_DEADLINE", "is longer than MAX_DEADLINE; make it shorter, or MAX_DEADLINE longer");
  }
  // A tombstone that went before the last hot copy could let an old task come back.
  const hotTtls = Object.entries(values).filter(([name]) => /^(TASK_TTL_|SCHEMA_TTL$)/.test(name));
  for (const [name, ttl] of hotTtls) {
    if (Number(ttl) >= values.TOMBSTONE_RETENTION) {
      report("TOMBSTONE_RETENTION", `is not longer than ${name}; make it longer than every hot lifetime`);
    }
  }
  const names = Object.values(collectionsOf(values));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    report("MONGODB_COLLECTION_TASKS", `and the other collection names have to differ, but two are ${twice}`);
  }
}

/** An embedded store belongs to one process. */
function checkWorkers({ workers, hot, durable }: ReturnType<typeof build>, report: Report): void {
  const missing = [
    ...(hot.redis === undefined ? ["REDIS_URL"] : []),
    ...(durable.mongodb === undefined ? ["MONGODB_URI"] : []),
  ];
  if (workers === 1 || missing.length === 0) return;
  const stores = missing.length === 2 ? "embedded stores belong" : "an embedded store belongs";
  report(
    "WORKERS",
    `got ${workers}, but ${stores} to one process; set ${missing.join(" and ")}, or WORKERS=1`,
  );
}

/** The entries that are set. */
function present<Name extends string>(
  entries: Readonly<Record<Name, number | undefined>>,
): Readonly<Partial<Record<Name, number>>> {
  const set = Object.entries(entries).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Partial<Record<Name, number>>;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}

function flatten(path: string, value: unknown): readonly string[] {
  if (typeof value === "string") return [`${path}=${redactUrl(value)}`];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}=${value ?? ""}`];
  return Object.entries(value).flatMap(([name, child]) =>
    flatten(path === "" ? name : `${path}.${name}`, child),
  );
}
