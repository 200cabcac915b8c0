/** Every setting, once: its name, what it takes, its bounds and its default. `.env.example` explains them to people. */
import {
  choice,
  duration,
  flag,
  list,
  optionalDuration,
  optionalText,
  optionalWholeNumber,
  size,
  text,
  wholeNumber,
  wholeNumberOrAuto,
} from "./parsers.ts";

const HOST_NAME = /^[A-Za-z0-9._:%-]{1,253}$/;
const NOT_EMPTY = /./s;
/** Keys that came in clear text from elsewhere could be anybody's. */
const JWKS = /^(?:https:\/\/[^/]|http:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/]|(?!https?:).)/s;
const COLLECTION = /^(?!system\.)[A-Za-z_][A-Za-z0-9_.-]{0,99}$/;

const hostName = "a host name or an IP address without brackets";
const collection = (standard: string) =>
  text("a collection name: 1 to 100 of A-Z a-z 0-9 . _ -, from a letter or _", COLLECTION, standard);
const hotTtl = (standard: string) => duration("1s", "365d", standard);
const retention = () => optionalDuration("1m", "36500d");

export const SETTINGS = {
  HOST: text(hostName, HOST_NAME, "127.0.0.1"),
  PORT: wholeNumber(0, 65_535, 50_050),
  ALLOW_INSECURE: flag(false),
  LOG_LEVEL: choice(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "info"),
  LOG_EVERY: wholeNumber(0, 1_000_000, 1),
  CORS_ORIGINS: list(
    "origins parted by commas, such as https://app.example.com,http://localhost:5173",
    isOrigin,
  ),
  SHUTDOWN_TIMEOUT: duration("100ms", "10m", "10s"),
  WORKERS: wholeNumberOrAuto(1, 256, 1),
  LEGACY_API: flag(true),
  UNARY_LANE: flag(true),
  CONSOLE: flag(true),

  AUTH_FILE: optionalText("a file", NOT_EMPTY),
  AUTH_JWT_JWKS: optionalText("a file, or https://... (http:// on loopback only)", JWKS),
  AUTH_JWT_ISSUER: optionalText("what the tokens' iss says", NOT_EMPTY),
  AUTH_JWT_AUDIENCE: optionalText("what the tokens' aud says", NOT_EMPTY),
  AUTH_JWT_SCOPE_CLAIM: text("the name of a claim", /^[^\p{Cc}]{1,200}$/u, "scope"),
  TLS_CERT_FILE: optionalText("a file in PEM form", NOT_EMPTY),
  TLS_KEY_FILE: optionalText("a file in PEM form", NOT_EMPTY),
  TLS_REQUIRED: flag(true),
  TLS_CLIENT_CA_FILE: optionalText("a file in PEM form", NOT_EMPTY),
  TLS_CLIENT_CERT: choice(["request", "require"], "request"),

  DATA_DIR: text("a folder", NOT_EMPTY, "./data"),
  REDIS_URL: optionalText(
    "redis://HOST:PORT/DB, several hosts parted by commas, or rediss:// for TLS",
    /^rediss?:\/\/[^/]/,
  ),
  REDIS_USERNAME: optionalText("a user name", NOT_EMPTY),
  REDIS_PASSWORD: optionalText("a password", NOT_EMPTY),
  REDIS_MODE: choice(["standalone", "cluster", "sentinel"], "standalone"),
  REDIS_SENTINEL_MASTER: optionalText("a name: A-Z a-z 0-9 . _ -", /^[A-Za-z0-9._-]{1,100}$/),
  REDIS_SENTINEL_USERNAME: optionalText("a user name", NOT_EMPTY),
  REDIS_SENTINEL_PASSWORD: optionalText("a password", NOT_EMPTY),
  REDIS_PREFIX: text("1 to 64 of A-Z a-z 0-9 . _ : -", /^[A-Za-z0-9._:-]{1,64}$/, "dbc"),
  HOT_TIMEOUT: duration("10ms", "1m", "500ms"),
  MONGODB_URI: optionalText(
    "mongodb://HOST:PORT, several hosts parted by commas, or mongodb+srv://HOST",
    /^mongodb(\+srv)?:\/\/[^/]/,
  ),
  MONGODB_USERNAME: optionalText("a user name", NOT_EMPTY),
  MONGODB_PASSWORD: optionalText("a password", NOT_EMPTY),
  MONGODB_DATABASE: text("a database name: 1 to 63 of A-Z a-z 0-9 _ -", /^[A-Za-z0-9_-]{1,63}$/, "dbconn"),
  MONGODB_COLLECTION_TASKS: collection("tasks"),
  MONGODB_COLLECTION_TASK_EVENTS: collection("task_events"),
  MONGODB_COLLECTION_SCHEMAS: collection("schemas"),
  MONGODB_COLLECTION_SCHEMA_BODIES: collection("schema_bodies"),
  MONGODB_COLLECTION_SCHEMA_EVENTS: collection("schema_events"),
  MONGODB_COLLECTION_CONTROL: collection("control"),
  DURABLE_TIMEOUT: duration("50ms", "1m", "5s"),
  GENERATION_LEASE: duration("200ms", "30s", "1s"),
  MEMORY_MAX_BYTES: size("1MiB", "64GiB", "256MiB"),
  MEMORY_MAX_ENTRIES: wholeNumber(1000, 100_000_000, 500_000),

  TASK_TTL_PENDING: hotTtl("30m"),
  TASK_TTL_PROCESSING: hotTtl("1h"),
  TASK_TTL_COMPLETED: hotTtl("24h"),
  TASK_TTL_FAILED: hotTtl("12h"),
  TASK_TTL_CANCELLED: hotTtl("12h"),
  TASK_RETENTION_PENDING: retention(),
  TASK_RETENTION_PROCESSING: retention(),
  TASK_RETENTION_COMPLETED: retention(),
  TASK_RETENTION_FAILED: retention(),
  TASK_RETENTION_CANCELLED: retention(),
  SCHEMA_TTL: hotTtl("6h"),
  SCHEMA_RETENTION_DELETED: duration("1m", "36500d", "30d"),
  TOMBSTONE_RETENTION: duration("1m", "36500d", "30d"),
  CACHE_TTL_DEFAULT: duration("1ms", "3650d", "30m"),
  CACHE_TTL_USER: duration("1ms", "3650d", "15m"),
  CACHE_TTL_SCHEMA: duration("1ms", "3650d", "6h"),

  DEFAULT_DEADLINE: duration("10ms", "1h", "10s"),
  MAX_DEADLINE: duration("10ms", "1h", "60s"),
  MAX_CONNECTIONS: wholeNumber(1, 1_000_000, 4096),
  MAX_STREAMS: wholeNumber(1, 10_000, 200),
  MAX_IN_FLIGHT: wholeNumber(1, 1_000_000, 200),
  MAX_WAITING: wholeNumber(1, 1_000_000, 5000),
  MAX_LOOP_DELAY: duration("5ms", "10s", "50ms"),
  MAX_IN_FLIGHT_PER_CALLER: optionalWholeNumber(1, 1_000_000),
  RATE_PER_CALLER: optionalWholeNumber(1, 1_000_000),
  BURST_PER_CALLER: optionalWholeNumber(1, 1_000_000),
  MAX_HEADER_BYTES: size("4KiB", "1MiB", "16KiB"),
  HEADER_TIMEOUT: duration("100ms", "10m", "15s"),
  STREAM_STALL_TIMEOUT: duration("100ms", "1h", "60s"),
  STREAM_RESET_BURST: wholeNumber(1, 1_000_000, 400),
  STREAM_RESET_RATE: wholeNumber(1, 1_000_000, 50),
  // Answers are cut at 3 MiB of items, and what surrounds them has to fit, too.
  MAX_MESSAGE_BYTES: size("4MiB", "64MiB", "4MiB"),
  BODY_TIMEOUT: duration("100ms", "10m", "20s"),
  IDLE_TIMEOUT: duration("1s", "1d", "5m"),
  MAX_CONNECTION_AGE: duration("1s", "30d", "1h"),

  VALIDATOR_WORKERS: wholeNumber(1, 64, 2),
  VALIDATOR_TIMEOUT: duration("10ms", "1m", "1s"),
  VALIDATOR_HEAP_MB: wholeNumber(16, 4096, 64),
  VALIDATOR_QUEUE: wholeNumber(1, 100_000, 100),

  // Names that the service's predecessor used; see aliases.ts.
  DATABASE_CONNECTION_HOST: optionalText(hostName, HOST_NAME),
  DATABASE_CONNECTION_PORT: optionalWholeNumber(0, 65_535),
  REDIS_HOST: optionalText(hostName, HOST_NAME),
  REDIS_PORT: optionalWholeNumber(1, 65_535),
  REDIS_DB: optionalWholeNumber(0, 1_000_000),
  MONGO_HOST: optionalText(hostName, HOST_NAME),
  MONGO_PORT: optionalWholeNumber(1, 65_535),
  MONGO_USER: optionalText("a user name", NOT_EMPTY),
  MONGO_USERNAME: optionalText("a user name", NOT_EMPTY),
  MONGO_PASSWORD: optionalText("a password", NOT_EMPTY),
  MONGO_DATABASE: optionalText("a database name", NOT_EMPTY),
  MONGO_DB: optionalText("a database name", NOT_EMPTY),
};

export type SettingName = keyof typeof SETTINGS;

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

function isOrigin(item: string): boolean {
  return /^https?:\/\//.test(item) && URL.canParse(item) && new URL(item).origin === item;
}
