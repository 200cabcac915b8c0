/** One address a store, from a URL or from the predecessor's host and port, with the credentials in it. */
import type { CleanedEnv } from "envalid";
import { shown } from "./redact.ts";
import type { SETTINGS, SettingName } from "./settings.ts";

export type Values = CleanedEnv<typeof SETTINGS>;

/** Adds a problem: the setting's name, then what is wrong with it. */
export type Report = (name: SettingName, problem: string) => void;

interface Scheme {
  readonly url: SettingName;
  readonly host: SettingName;
  readonly username: SettingName;
  readonly password: SettingName;
}

const REDIS: Scheme = {
  url: "REDIS_URL",
  host: "REDIS_HOST",
  username: "REDIS_USERNAME",
  password: "REDIS_PASSWORD",
};
const MONGODB: Scheme = {
  url: "MONGODB_URI",
  host: "MONGO_HOST",
  username: "MONGODB_USERNAME",
  password: "MONGODB_PASSWORD",
};

/** `redis://user:password@host:port/db`, maybe with several hosts, or undefined when Redis is not asked for. */
export function redisUrl(values: Values, report: Report): string | undefined {
  const { REDIS_URL, REDIS_MODE, REDIS_HOST, REDIS_PORT, REDIS_DB } = values;
  if (REDIS_URL !== undefined && REDIS_MODE === "standalone") {
    const url = parse(REDIS.url, REDIS_URL, report);
    if (url === undefined) return undefined;
    refuseOther("REDIS_HOST", REDIS_HOST, url.hostname, REDIS, report);
    refuseOther("REDIS_PORT", REDIS_PORT, Number(url.port || 6379), REDIS, report);
    refuseOther("REDIS_DB", REDIS_DB, Number(url.pathname.slice(1)), REDIS, report);
  }
  const parts = [REDIS_HOST, REDIS_PORT, REDIS_DB];
  const fromParts = parts.every((part) => part === undefined)
    ? undefined
    : `redis://${authority(REDIS_HOST, REDIS_PORT ?? 6379)}/${REDIS_DB ?? 0}`;
  return withCredentials(REDIS, REDIS_URL ?? fromParts, values.REDIS_USERNAME, values.REDIS_PASSWORD, report);
}

/** `mongodb://user:password@host:port/`, or undefined when MongoDB is not asked for. */
export function mongodbUri(values: Values, report: Report): string | undefined {
  const { MONGODB_URI, MONGO_HOST, MONGO_PORT } = values;
  if (MONGODB_URI !== undefined) {
    // Not a URL to the URL class when it names several hosts.
    const hosts = /^[^/]*\/\/(?:[^/]*@)?([^/?]*)/.exec(MONGODB_URI)?.[1]?.split(",") ?? [];
    const [host = "", port = "27017"] = hosts[0]?.split(/:(?=\d+$)/) ?? [];
    refuseOther("MONGO_HOST", MONGO_HOST, host, MONGODB, report);
    refuseOther("MONGO_PORT", MONGO_PORT, Number(port), MONGODB, report);
  }
  const fromParts =
    MONGO_HOST === undefined && MONGO_PORT === undefined
      ? undefined
      : `mongodb://${authority(MONGO_HOST, MONGO_PORT ?? 27_017)}/`;
  const address = MONGODB_URI ?? fromParts;
  return withCredentials(MONGODB, address, values.MONGODB_USERNAME, values.MONGODB_PASSWORD, report);
}

function authority(host = "localhost", port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function parse(name: SettingName, value: string, report: Report): URL | undefined {
  if (URL.canParse(value)) return new URL(value);
  // Not quoted: where it is broken there is no telling where a password in it ends.
  report(
    name,
    "got a value that is not shown, takes a URL; special characters of a password are written %40",
  );
  return undefined;
}

function refuseOther<T extends string | number>(
  name: SettingName,
  value: T | undefined,
  other: T,
  { url }: Scheme,
  report: Report,
): void {
  if (value === undefined || value === other) return;
  report(
    name,
    `got ${shown(name, String(value))}, but ${url} says ${shown(name, String(other))}; set one of them`,
  );
}

/** The address with user name and password in it, percent-encoded. */
function withCredentials(
  scheme: Scheme,
  address: string | undefined,
  username: string | undefined,
  password: string | undefined,
  report: Report,
): string | undefined {
  if (username === undefined && password === undefined) return address;
  const given = password === undefined ? scheme.username : scheme.password;
  if (address === undefined) {
    report(given, `is set, but neither ${scheme.url} nor ${scheme.host} is`);
    return undefined;
  }
  if (address.includes("@")) {
    report(given, `is set, but ${scheme.url} holds credentials already; set them in one place`);
    return undefined;
  }
  const credentials = `${encodeURIComponent(username ?? "")}:${encodeURIComponent(password ?? "")}`;
  return address.replace("//", () => `//${credentials}@`);
}
