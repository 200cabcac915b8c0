import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SETTING_NAMES, SETTINGS } from "../../../src/config/settings.ts";
import { type Config, describeConfig, loadConfig } from "../../../src/config.ts";
import { problemsOf } from "./problems.ts";

describe("with nothing set", () => {
  const config = loadConfig({});

  it("serves on loopback over memory and SQLite", () => {
    expect(config.server).toMatchObject({ host: "127.0.0.1", port: 50_050, corsOrigins: [] });
    expect(config.hot.redis).toBeUndefined();
    expect(config.durable).toMatchObject({ mongodb: undefined, dataDir: "./data" });
  });

  it("keeps everything as long as the API says", () => {
    const minute = 60_000;
    const hour = 60 * minute;
    expect(config.tasks).toEqual({
      hotTtlMs: {
        PENDING: 30 * minute,
        PROCESSING: hour,
        COMPLETED: 24 * hour,
        FAILED: 12 * hour,
        CANCELLED: 12 * hour,
      },
      retentionMs: {},
    });
    expect(config.schemas.hotTtlMs).toBe(6 * hour);
    expect(config.cache.ttls).toEqual({
      default: 30 * minute,
      byNamespace: { user: 15 * minute, schema: 6 * hour },
    });
  });

  it("is frozen to the bottom", () => {
    const unfrozen = (value: unknown): boolean =>
      typeof value === "object" &&
      value !== null &&
      (!Object.isFrozen(value) || Object.values(value).some(unfrozen));
    expect(unfrozen(config)).toBe(false);
  });
});

describe("a value", () => {
  it.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["45", 45_000],
    ["2m", 120_000],
  ])("of %s is a duration of %d ms", (text, ms) => {
    expect(loadConfig({ SHUTDOWN_TIMEOUT: text }).server.shutdownTimeoutMs).toBe(ms);
  });

  it.each([
    ["5242880", 5_242_880],
    ["5120KiB", 5_242_880],
    ["5MiB", 5_242_880],
  ])("of %s is a size of %d bytes", (text, bytes) => {
    expect(loadConfig({ MAX_MESSAGE_BYTES: text }).server.limits.readMaxBytes).toBe(bytes);
  });

  it("of the environment goes before the .env file's, and an empty one is none", () => {
    expect(loadConfig({ PORT: "1" }, "PORT=2\nLOG_LEVEL=debug").server.port).toBe(1);
    expect(loadConfig({ PORT: "" }, "PORT=2").server.port).toBe(2);
    expect(loadConfig({ REDIS_URL: "" }, "REDIS_URL=").hot.redis).toBeUndefined();
  });

  it("may be a list", () => {
    const { corsOrigins } = loadConfig({ CORS_ORIGINS: "https://a.example, http://localhost:5173," }).server;
    expect(corsOrigins).toEqual(["https://a.example", "http://localhost:5173"]);
  });

  it("may say when tasks are purged", () => {
    expect(loadConfig({ TASK_RETENTION_COMPLETED: "90d" }).tasks.retentionMs).toEqual({
      COMPLETED: 90 * 86_400_000,
    });
  });
});

describe("a bad value stops the start with a line that names the setting, what it got and what it takes", () => {
  it.each([
    ["PORT", "70000", "a whole number from 0 to 65535"],
    ["PORT", "5e3", "a whole number"],
    ["PORT", "-1", "a whole number"],
    ["HOST", "[::1]", "without brackets"],
    ["LOG_LEVEL", "loud", "one of trace, debug, info"],
    ["ALLOW_INSECURE", "yes", "true or false"],
    ["SHUTDOWN_TIMEOUT", "1 minute", "a duration from 100ms to 10m"],
    ["SHUTDOWN_TIMEOUT", "11m", "a duration from 100ms to 10m"],
    ["MAX_MESSAGE_BYTES", "1MiB", "a size from 4MiB to 64MiB"],
    ["MAX_MESSAGE_BYTES", "4MB", "a size"],
    ["CORS_ORIGINS", "https://a.example/path", "origins parted by commas"],
    ["CORS_ORIGINS", "*", "origins parted by commas"],
    ["REDIS_URL", "http://host", "redis://HOST:PORT/DB"],
    ["REDIS_PREFIX", "a{b}", "1 to 64 of A-Z"],
    ["MONGODB_URI", "mysql://host", "mongodb://HOST:PORT"],
    ["MONGODB_DATABASE", "a/b", "a database name"],
    ["MONGODB_COLLECTION_TASKS", "system.users", "a collection name"],
    ["TASK_RETENTION_FAILED", "never", "unset is for ever"],
    ["DATABASE_CONNECTION_PORT", "x", "a whole number"],
    ["MONGO_DB", "a/b", "a database name"],
  ])("%s=%s", (name, value, takes) => {
    const lines = problemsOf({ [name]: value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^${name}: got "`));
    expect(lines[0]).toContain(JSON.stringify(value));
    expect(lines[0]).toContain(takes);
  });

  it("all of them at once, each on one line", () => {
    const lines = problemsOf({ PORT: "x\ny", LOG_LEVEL: "z", HOT_TIMEOUT: "1".repeat(300) });
    expect(lines.map((line) => line.split(":")[0])).toEqual(["PORT", "LOG_LEVEL", "HOT_TIMEOUT"]);
    expect(lines.join("")).not.toContain("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(300);
  });

  it.each([
    [{ DEFAULT_DEADLINE: "2m" }, ["DEFAULT_DEADLINE"]],
    [{ TOMBSTONE_RETENTION: "24h" }, ["TOMBSTONE_RETENTION"]],
    [{ MONGODB_COLLECTION_SCHEMAS: "tasks" }, ["MONGODB_COLLECTION_TASKS"]],
  ])("also where only two together are bad: %j", (environment, names) => {
    expect(problemsOf(environment).map((line) => line.split(":")[0])).toEqual(names);
  });
});

describe("an unknown name", () => {
  it("in the .env file stops the start, and says which name may be meant", () => {
    expect(problemsOf({}, "REDIS_ULR=redis://h\nCOLOUR=blue")).toEqual([
      "REDIS_ULR: is not a setting (is REDIS_URL meant?); it is in the .env file",
      "COLOUR: is not a setting; it is in the .env file",
    ]);
  });

  it("in the .env file that Docker Compose, Node or the time zone own is left to them", () => {
    expect(problemsOf({}, "COMPOSE_PROJECT_NAME=x\nNODE_ENV=production\nTZ=UTC")).toEqual([]);
  });

  it("in the environment is warned of when it looks like one of ours", () => {
    const { warnings } = loadConfig({ PATH: "/bin", TASK_TTL_DONE: "1h" });
    expect(warnings).toEqual(["TASK_TTL_DONE: is not a setting; it is in the environment"]);
  });

  it("that Kubernetes puts there for a service called redis is nobody's", () => {
    const config = loadConfig({
      REDIS_PORT: "tcp://10.0.0.11:6379",
      REDIS_SERVICE_HOST: "10.0.0.11",
      REDIS_PORT_6379_TCP_ADDR: "10.0.0.11",
      MONGO_PORT: "tcp://10.0.0.12:27017",
    });
    expect(config.warnings).toEqual([]);
    expect(config.hot.redis).toBeUndefined();
    expect(config.durable.mongodb).toBeUndefined();
  });
});

describe("an address that others can reach", () => {
  it.each(["0.0.0.0", "::", "192.168.1.5", "db.example.com"])(
    "%s is refused without authentication",
    (HOST) => {
      const [line, ...more] = problemsOf({ HOST });
      expect(more).toEqual([]);
      expect(line).toMatch(/^HOST: got .*ALLOW_INSECURE=true/);
      expect(problemsOf({ HOST, ALLOW_INSECURE: "true" })).toEqual([]);
    },
  );

  it.each(["127.0.0.1", "127.8.8.8", "::1", "localhost"])("%s is not one", (HOST) => {
    expect(problemsOf({ HOST })).toEqual([]);
  });
});

describe("the predecessor's names", () => {
  it("set host, port, addresses and credentials", () => {
    const config = loadConfig({
      DATABASE_CONNECTION_HOST: "localhost",
      DATABASE_CONNECTION_PORT: "6000",
      REDIS_HOST: "cache",
      REDIS_PORT: "6380",
      REDIS_DB: "2",
      REDIS_PASSWORD: "p@ss/word",
      MONGO_HOST: "::2",
      MONGO_PORT: "27018",
      MONGO_USER: "me",
      MONGO_PASSWORD: "$&",
      MONGO_DB: "old",
    });
    expect(config.server).toMatchObject({ host: "localhost", port: 6000 });
    expect(config.hot.redis?.url).toBe("redis://:p%40ss%2Fword@cache:6380/2");
    expect(config.durable.mongodb).toMatchObject({
      uri: "mongodb://me:%24%26@[::2]:27018/",
      database: "old",
    });
  });

  it.each([
    [{ REDIS_HOST: "h" }, "redis://h:6379/0"],
    [{ REDIS_PORT: "1" }, "redis://localhost:1/0"],
    [{ REDIS_DB: "3" }, "redis://localhost:6379/3"],
  ])("%j is enough for Redis", (environment, url) => {
    expect(loadConfig(environment).hot.redis?.url).toBe(url);
  });

  it.each([
    [{ MONGO_HOST: "h" }, "mongodb://h:27017/"],
    [{ MONGO_PORT: "1" }, "mongodb://localhost:1/"],
  ])("%j is enough for MongoDB", (environment, uri) => {
    expect(loadConfig(environment).durable.mongodb?.uri).toBe(uri);
  });

  it.each([
    { PORT: "1", DATABASE_CONNECTION_PORT: "1" },
    { REDIS_URL: "redis://h:1/2", REDIS_HOST: "h", REDIS_PORT: "1", REDIS_DB: "2" },
    { REDIS_URL: "redis://h", REDIS_HOST: "h", REDIS_PORT: "6379", REDIS_DB: "0" },
    { MONGODB_URI: "mongodb://u:p@h/x", MONGO_HOST: "h", MONGO_PORT: "27017" },
    { MONGO_USER: "a", MONGO_USERNAME: "a", MONGO_HOST: "h" },
  ])("may say the same as the new ones: %j", (environment) => {
    expect(problemsOf(environment)).toEqual([]);
  });

  it.each([
    ["DATABASE_CONNECTION_PORT", { PORT: "1", DATABASE_CONNECTION_PORT: "2" }],
    ["REDIS_HOST", { REDIS_URL: "redis://h", REDIS_HOST: "g" }],
    ["REDIS_PORT", { REDIS_URL: "redis://h", REDIS_PORT: "1" }],
    ["REDIS_DB", { REDIS_URL: "redis://h/1", REDIS_DB: "2" }],
    ["MONGO_HOST", { MONGODB_URI: "mongodb://h,i/", MONGO_HOST: "g" }],
    ["MONGO_PORT", { MONGODB_URI: "mongodb://h:2/", MONGO_PORT: "1" }],
    ["MONGO_DB", { MONGODB_DATABASE: "a", MONGO_DB: "b" }],
    ["MONGO_USER", { MONGO_USER: "a", MONGO_USERNAME: "b" }],
    ["MONGO_PASSWORD", { MONGODB_PASSWORD: "aaa", MONGO_PASSWORD: "bbb" }],
  ])("%s must not say something else: %j", (name, environment) => {
    const lines = problemsOf({ ...environment });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^${name}: got .*; set one of them$`));
    expect(lines[0]).not.toMatch(/aaa|bbb/);
  });
});

describe("credentials", () => {
  it("beside the URL are put into it", () => {
    const url = (environment: Record<string, string>): Config => loadConfig(environment);
    const redis = { REDIS_URL: "rediss://h:1/3", REDIS_USERNAME: "u", REDIS_PASSWORD: "p" };
    expect(url(redis).hot.redis?.url).toBe("rediss://u:p@h:1/3");
    const mongodb = {
      MONGODB_URI: "mongodb://a,b/?replicaSet=r",
      MONGODB_USERNAME: "u",
      MONGODB_PASSWORD: "p",
    };
    expect(url(mongodb).durable.mongodb?.uri).toBe("mongodb://u:p@a,b/?replicaSet=r");
  });

  it.each([
    ["REDIS_PASSWORD", { REDIS_URL: "redis://:x@h", REDIS_PASSWORD: "secret" }],
    ["REDIS_PASSWORD", { REDIS_PASSWORD: "secret" }],
    ["REDIS_USERNAME", { REDIS_USERNAME: "u" }],
    ["MONGODB_PASSWORD", { MONGODB_URI: "mongodb://x:y@h", MONGODB_PASSWORD: "secret" }],
    ["MONGO_PASSWORD", { MONGO_PASSWORD: "secret" }],
    ["REDIS_URL", { REDIS_URL: "redis://:secret@h:port" }],
  ])("that fit nowhere are a problem of %s: %j", (name, environment) => {
    const lines = problemsOf({ ...environment });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^${name}: `));
    expect(lines[0]).not.toContain("secret");
  });
});

describe("a secret is never printed", () => {
  it.each([
    { REDIS_URL: "http://u:hunter2@h" },
    { REDIS_URL: "u:hunter2@h" },
    { REDIS_URL: "hunter2" },
    { MONGODB_URI: "mongo://u:hunter2@rest@h/?a=b" },
    { MONGODB_URI: "mongo://h/?proxyPassword=hunter2" },
  ])("in a problem: %j", (environment) => {
    const lines = problemsOf({ ...environment });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("hunter2");
  });

  it("in the description, which shows all else", () => {
    const text = describeConfig(
      loadConfig({
        REDIS_URL: "redis://h:1/2",
        REDIS_PASSWORD: "hunter2",
        MONGODB_URI: "mongodb://u:hunter2@a,b/?replicaSet=r&tlsCertificateKeyFilePassword=hunter2",
      }),
    );
    expect(text).not.toContain("hunter2");
    expect(text).toContain("hot.redis.url=redis://***@h:1/2");
    expect(text).toContain(
      "durable.mongodb.uri=mongodb://***@a,b/?replicaSet=r&tlsCertificateKeyFilePassword=***",
    );
    expect(text).toContain("server.port=50050");
    expect(text).toContain("tasks.hotTtlMs.PENDING=1800000");
  });
});

describe("OpenTelemetry's variables", () => {
  it("come from the environment before the .env file, as they are", () => {
    const file = "OTEL_SERVICE_NAME=b\nOTEL_TRACES_SAMPLER_ARG=0.01";
    const { otel } = loadConfig({ OTEL_SERVICE_NAME: "a" }, file);
    expect(otel).toEqual({ OTEL_SERVICE_NAME: "a", OTEL_TRACES_SAMPLER_ARG: "0.01" });
  });

  it("stop the start where they ask for what is not there", () => {
    const environment = { OTEL_TRACES_EXPORTER: "zipkin", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    expect(problemsOf(environment)).toEqual([
      'OTEL_TRACES_EXPORTER: got "zipkin", takes otlp or none',
      'OTEL_EXPORTER_OTLP_PROTOCOL: got "grpc", takes http/protobuf or http/json',
    ]);
  });

  it("are named in the description, and no more, since a collector's headers hold keys", () => {
    const text = describeConfig(loadConfig({ OTEL_EXPORTER_OTLP_HEADERS: "api-key=hush" }));
    expect(text).toContain("otel=OTEL_EXPORTER_OTLP_HEADERS");
    expect(text).not.toContain("hush");
  });
});

describe(".env.example", () => {
  const lines = readFileSync(".env.example", "utf8").split("\n");
  const settings = lines.flatMap((line) => {
    const [, name = "", value = ""] = /^#([A-Z_0-9]+)=(.*)$/.exec(line) ?? [];
    return name === "" ? [] : [{ name, value }];
  });

  it("lists every setting once, and nothing else", () => {
    expect(settings.map(({ name }) => name).sort()).toEqual([...SETTING_NAMES].sort());
  });

  it("shows the defaults", () => {
    const shown = Object.fromEntries(settings.map(({ name, value }) => [name, value]));
    expect(shown).toEqual(
      Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].example ?? ""])),
    );
    expect(loadConfig({}, settings.map(({ name, value }) => `${name}=${value}`).join("\n"))).toEqual(
      loadConfig({}),
    );
  });

  it("as it is changes nothing", () => {
    expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
  });
});

describe("more than one worker", () => {
  const stores = { REDIS_URL: "redis://localhost", MONGODB_URI: "mongodb://localhost" };

  it("is a number, or auto", () => {
    expect(loadConfig({}).workers).toBe(1);
    expect(loadConfig({ WORKERS: "4", ...stores }).workers).toBe(4);
    expect(loadConfig({ WORKERS: "auto", ...stores }).workers).toBe("auto");
    expect(problemsOf({ WORKERS: "many" })).toEqual([
      'WORKERS: got "many", takes auto, or a whole number from 1 to 256',
    ]);
  });

  it.each([
    ["2", {}, "embedded stores belong to one process; set REDIS_URL and MONGODB_URI, or WORKERS=1"],
    [
      "auto",
      { REDIS_URL: stores.REDIS_URL },
      "an embedded store belongs to one process; set MONGODB_URI, or WORKERS=1",
    ],
    [
      "2",
      { MONGODB_URI: stores.MONGODB_URI },
      "an embedded store belongs to one process; set REDIS_URL, or WORKERS=1",
    ],
  ])("(%s) is refused with an embedded store, which belongs to one process: %j", (WORKERS, given, why) => {
    expect(problemsOf({ WORKERS, ...given })).toEqual([`WORKERS: got ${WORKERS}, but ${why}`]);
  });
});
