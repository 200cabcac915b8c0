/** Where values come from: the environment before the .env file, new names before the predecessor's. */
import { shown } from "./redact.ts";
import { isSettingName, SETTING_NAMES, type SettingName } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Sources {
  /** Text by setting; what is empty or not set is left out. */
  readonly values: Partial<Record<SettingName, string>>;
  /** The name that the user wrote, where it is not the setting's own. */
  readonly writtenAs: Partial<Record<SettingName, SettingName>>;
  /** OpenTelemetry's variables, which have names and meanings of their own. */
  readonly otel: Environment;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** The predecessor's names that mean the same as one of ours. */
const RENAMED: readonly (readonly [SettingName, SettingName])[] = [
  ["DATABASE_CONNECTION_HOST", "HOST"],
  ["DATABASE_CONNECTION_PORT", "PORT"],
  ["MONGO_USERNAME", "MONGODB_USERNAME"],
  ["MONGO_USER", "MONGODB_USERNAME"],
  ["MONGO_PASSWORD", "MONGODB_PASSWORD"],
  ["MONGO_DATABASE", "MONGODB_DATABASE"],
  ["MONGO_DB", "MONGODB_DATABASE"],
];

/** Variables that a .env file may hold for others: Docker Compose reads the same file, and so does Node. */
const OF_OTHERS = /^(COMPOSE_.*|NODE_.*|OTEL_.*|TZ)$/;
/** What begins like this in the environment is likely meant for this service. */
const OURS = /^(CACHE_|HOT_|DURABLE_|MONGODB_|REDIS_|SCHEMA_|TASK_|TOMBSTONE_|VALIDATOR_)/;
/**
 * Kubernetes puts such variables into every container for a service that happens to be called redis or mongo. They
 * are nobody's settings, and `REDIS_PORT=tcp://10.0.0.11:6379` would otherwise stop the start.
 */
const SERVICE_LINK_NAME = /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP)/;
const SERVICE_LINK_VALUE = /^(tcp|udp):\/\//;

/** Merges the two and finds names that are no settings. */
export function readSources(environment: Environment, file: Environment): Sources {
  // A .env file is written for this service, so a name in it that is no setting is a typo, which must not be passed
  // over. The environment is everybody's: there it can be no more than a warning.
  const problems = Object.keys(file)
    .filter((name) => !isSettingName(name) && !OF_OTHERS.test(name))
    .map((name) => `${name}: is not a setting${suggestion(name)}; it is in the .env file`);
  const warnings = Object.entries(environment)
    .filter(([name, value]) => OURS.test(name) && !isSettingName(name) && !isServiceLink(name, value))
    .map(([name]) => `${name}: is not a setting${suggestion(name)}; it is in the environment`);

  const values: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const fromEnvironment = isServiceLink(name, environment[name]) ? undefined : environment[name];
    const value = fromEnvironment || file[name];
    if (value) values[name] = value;
  }

  const writtenAs: Partial<Record<SettingName, SettingName>> = {};
  for (const [old, name] of RENAMED) {
    const value = values[old];
    if (value === undefined) continue;
    const taken = values[name];
    if (taken === undefined) {
      values[name] = value;
      writtenAs[name] = old;
    } else if (taken !== value) {
      const other = writtenAs[name] ?? name;
      problems.push(
        `${old}: got ${shown(old, value)}, but ${other} says ${shown(other, taken)}; set one of them`,
      );
    }
    delete values[old];
  }
  const otel = Object.fromEntries(
    Object.entries({ ...file, ...environment }).filter(([name]) => name.startsWith("OTEL_")),
  );
  return { values, writtenAs, otel, problems, warnings };
}

function isServiceLink(name: string, value: string | undefined): boolean {
  return SERVICE_LINK_NAME.test(name) || SERVICE_LINK_VALUE.test(value ?? "");
}

function suggestion(name: string): string {
  const [nearest] = SETTING_NAMES.map((known) => ({ known, distance: distance(name, known) }))
    .filter((candidate) => candidate.distance <= 3)
    .sort((a, b) => a.distance - b.distance);
  return nearest === undefined ? "" : ` (is ${nearest.known} meant?)`;
}

/** Levenshtein's: the insertions, removals and replacements that make one text of the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(to).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
