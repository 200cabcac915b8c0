/** Redis URLs that name several servers: `redis://user:password@host1:port1,host2:port2/db`. */

interface Parts {
  /** `redis://`, with the credentials. */
  readonly head: string;
  readonly hosts: readonly string[];
  /** The path, with the number of the database. */
  readonly tail: string;
}

/** One URL for each server. */
export function eachHost(url: string): readonly string[] {
  const { head, hosts, tail } = partsOf(url);
  return hosts.map((host) => `${head}${host}${tail}`);
}

/** The URL of another server, with the credentials and the database of this one. */
export function atHost(url: string, host: string, port: number): string {
  const { head, tail } = partsOf(url);
  return `${head}${host.includes(":") ? `[${host}]` : host}:${port}${tail}`;
}

function partsOf(url: string): Parts {
  const [, head, hosts, tail] = /^(\w+:\/\/(?:[^/@]*@)?)([^/]*)(.*)$/s.exec(url) ?? [];
  if (head === undefined || hosts === undefined || tail === undefined) throw new Error("not a Redis URL");
  return { head, hosts: hosts.split(","), tail };
}
