/** How Redis is deployed: one server, a cluster, or a master that sentinels name. */
import { type Report, redisUrl, type Values } from "./stores.ts";

export interface RedisStore {
  /** The server, some of the cluster, or the sentinels; the credentials are those of the servers that hold entries. */
  readonly url: string;
  readonly mode: Values["REDIS_MODE"];
  /** The sentinels, with their own credentials, and what they call the master. */
  readonly sentinel: { readonly url: string; readonly master: string } | undefined;
}

/** Undefined when Redis is not asked for. */
export function redisStore(values: Values, report: Report): RedisStore | undefined {
  const { REDIS_URL, REDIS_MODE: mode } = values;
  const ofSentinels = ["MASTER", "USERNAME", "PASSWORD"].map((part) => `REDIS_SENTINEL_${part}` as const);
  for (const name of ofSentinels as (keyof Values & `REDIS_SENTINEL_${string}`)[]) {
    if (mode !== "sentinel" && values[name] !== undefined)
      report(name, "is set, but REDIS_MODE is not sentinel");
  }
  if (mode !== "standalone" && REDIS_URL === undefined) {
    report("REDIS_MODE", `is ${mode}, but REDIS_URL is not set; name its servers there`);
    return undefined;
  }
  if (REDIS_URL !== undefined && !checkHosts(REDIS_URL, mode, report)) return undefined;
  const url = redisUrl(values, report);
  if (url === undefined) return undefined;
  const sentinel = mode === "sentinel" ? sentinelOf(url, values, report) : undefined;
  return { url, mode, sentinel };
}

function checkHosts(url: string, mode: RedisStore["mode"], report: Report): boolean {
  const [, head = "", hosts = "", tail = ""] = /^(\w+:\/\/)(?:[^/]*@)?([^/]*)(.*)$/s.exec(url) ?? [];
  const all = hosts.split(",");
  if (mode === "standalone" && all.length > 1) {
    report("REDIS_URL", "names several servers; set REDIS_MODE=cluster or sentinel, or name one");
    return false;
  }
  if (mode !== "standalone" && !all.every((host) => host !== "" && URL.canParse(`${head}${host}${tail}`))) {
    report("REDIS_URL", "got a value that is not shown, takes redis://HOST1:PORT1,HOST2:PORT2");
    return false;
  }
  if (mode === "cluster" && !/^\/?0?$/.test(tail)) {
    report("REDIS_URL", "names a database, but a cluster has only number 0; leave it out");
    return false;
  }
  return true;
}

function sentinelOf(url: string, values: Values, report: Report): RedisStore["sentinel"] {
  const { REDIS_SENTINEL_MASTER: master, REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD } = values;
  if (master === undefined) {
    report("REDIS_SENTINEL_MASTER", "is not set; set it to what the sentinels call the master");
    return undefined;
  }
  const [, head, hosts] = /^(\w+:\/\/)(?:[^/]*@)?([^/]*)/.exec(url) ?? [];
  const own = [REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD];
  const credentials = own.every((part) => part === undefined)
    ? ""
    : `${own.map((part) => encodeURIComponent(part ?? "")).join(":")}@`;
  return { url: `${head}${credentials}${hosts}`, master };
}
