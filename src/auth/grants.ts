/** What a caller may do: scopes such as `task:write:import-*`, as tokens, certificates and JWTs carry them. */
import { NAME_PATTERN, NameSet } from "../names.ts";

export const AREAS = ["task", "schema", "cache", "status"] as const;
/** Each includes those before it. */
export const LEVELS = ["read", "write", "admin"] as const;
export type Area = (typeof AREAS)[number];
export type Level = (typeof LEVELS)[number];

/** How a scope is written, for messages to people. */
export const SCOPE_FORM =
  "AREA:LEVEL or AREA:LEVEL:NAMES, with AREA one of task, schema, cache, status; LEVEL one of read, write, admin; " +
  "NAMES a kind, schema name or namespace, a prefix with * behind it, or *";

interface Scope {
  readonly area: Area;
  readonly level: Level;
  readonly pattern: string;
}

/** Undefined for what is no scope. */
export function parseScope(text: string): Scope | undefined {
  const [, areaText, levelText, pattern = "*"] = /^([a-z]+):([a-z]+)(?::(.*))?$/s.exec(text) ?? [];
  const area = AREAS.find((known) => known === areaText);
  const level = LEVELS.find((known) => known === levelText);
  if (area === undefined || level === undefined || !NAME_PATTERN.test(pattern)) return undefined;
  // The stores have no names.
  if (area === "status" && pattern !== "*") return undefined;
  return { area, level, pattern };
}

/** Scopes, looked up by what is asked for. Whatever is not granted is denied. */
export class Grants {
  readonly #names: ReadonlyMap<string, NameSet>;

  /** What is no scope grants nothing; whoever writes scopes is told so before. */
  constructor(texts: readonly string[]) {
    const scopes = texts.flatMap((text) => parseScope(text) ?? []);
    const names = new Map<string, NameSet>();
    for (const area of AREAS) {
      for (const [rank, level] of LEVELS.entries()) {
        const granting = scopes.filter((s) => s.area === area && LEVELS.indexOf(s.level) >= rank);
        names.set(`${area}:${level}`, NameSet.of(granting.map(({ pattern }) => pattern)));
      }
    }
    this.#names = names;
  }

  /** The kinds, schema names or namespaces that this may be done to; empty when it may not be done at all. */
  names(area: Area, level: Level): NameSet {
    return this.#names.get(`${area}:${level}`) ?? NameSet.none;
  }
}
