/** Copies of the embedded store: made while it is in use, looked at before they count, and put back. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { lock } from "./lock.ts";
import { DATABASE_FILE, FORMAT } from "./schema.ts";

/** How many documents each collection has. */
export type Counts = Readonly<Record<string, number>>;

/** Pages copied in one go, between which the writer and the progress get their turn. */
const PAGES_AT_ONCE = 2_000;
/**
 * How far the order of changes is moved on when a copy is put back: further than it can have gone since the copy was
 * made, so that nobody who knew the lost changes takes new ones for those.
 */
const SEQUENCE_LEAP = 2 ** 40;

/**
 * Copies the store in `directory`, as it is at this moment, to a file that is not there yet. The service may go on
 * writing. Resolves when the copy is on the disk, whole, and holds as many documents as the store did. Throws with the
 * reason otherwise, and leaves nothing behind.
 */
export async function backUp(
  directory: string,
  file: string,
  progress: (share: number) => void,
): Promise<Counts> {
  const from = join(directory, DATABASE_FILE);
  if (!existsSync(from)) throw new Error(`there is no ${from}`);
  if (existsSync(file)) throw new Error(`${file} is there already`);
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.unfinished`;
  rmSync(unfinished, { force: true });
  const source = new DatabaseSync(from, { readOnly: true, timeout: 10_000 });
  try {
    // One view of the store for the counts and the copy, which no writer can hold up or begin anew.
    source.exec("BEGIN");
    const counts = countsIn(source);
    await backup(source, unfinished, {
      rate: PAGES_AT_ONCE,
      progress: ({ totalPages, remainingPages }) => progress(1 - remainingPages / Math.max(1, totalPages)),
    });
    makeOneFile(unfinished);
    const copied = verify(unfinished);
    if (JSON.stringify(copied) !== JSON.stringify(counts)) {
      throw new Error(
        `the copy has other counts (${JSON.stringify(copied)}) than the store (${JSON.stringify(counts)})`,
      );
    }
    sync(unfinished);
    renameSync(unfinished, file);
    return counts;
  } finally {
    source.close();
    rmSync(unfinished, { force: true });
    rmSync(`${unfinished}-journal`, { force: true });
  }
}

/** How many documents a copy has. Throws, with the reason, when it is damaged or no copy of a store that we know. */
export function verify(file: string): Counts {
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const format = formatOf(database);
    if (format > FORMAT) {
      throw new Error(`its storage format is ${format}, and this version knows formats up to ${FORMAT}`);
    }
    const [first, ...more] = database.prepare("PRAGMA integrity_check(10)").all();
    if (first?.integrity_check !== "ok" || more.length > 0) {
      throw new Error(`it is damaged: ${first?.integrity_check}`);
    }
    return countsIn(database);
  } catch (error) {
    throw new Error(`${file} cannot be used: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  } finally {
    database.close();
  }
}

/**
 * Puts a copy in place of the store in `directory`, which no process may be using. A store that is there is kept beside
 * it under the name that is answered. The service that opens it takes a new generation, so that what the hot store still
 * holds of the time after the copy is not read.
 */
export function restore(
  file: string,
  directory: string,
  now: number,
): { readonly counts: Counts; readonly kept: string | undefined } {
  const counts = verify(file);
  mkdirSync(directory, { recursive: true });
  const held = lock(directory);
  const place = join(directory, DATABASE_FILE);
  const unfinished = `${place}.unfinished`;
  try {
    copyFileSync(file, unfinished);
    beginAnew(unfinished, now);
    sync(unfinished);
    const kept = existsSync(place) ? `${place}.before-${now}` : undefined;
    if (kept !== undefined) setAside(place, kept);
    renameSync(unfinished, place);
    return { counts, kept };
  } finally {
    rmSync(unfinished, { force: true });
    held.close();
  }
}

function countsIn(database: DatabaseSync): Counts {
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'c_*' ORDER BY name")
    .all();
  return Object.fromEntries(
    tables.map(({ name }) => [
      String(name).slice("c_".length),
      Number(database.prepare(`SELECT count(*) AS count FROM "${name}"`).get()?.count),
    ]),
  );
}

/** Throws when the file is none of ours. */
function formatOf(database: DatabaseSync): number {
  const row = database.prepare("SELECT value FROM meta WHERE name = 'format'").get();
  if (row === undefined) throw new Error("it has no storage format");
  return Number(row.value);
}

/** Without a log beside it, so that the copy is one file. */
function makeOneFile(file: string): void {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = DELETE");
  database.close();
}

function beginAnew(file: string, now: number): void {
  const database = new DatabaseSync(file);
  try {
    database.exec("BEGIN");
    const last = database.prepare("SELECT value FROM meta WHERE name = 'restored_sequence'").get()?.value;
    const tables = Object.keys(countsIn(database));
    const ends = tables.map((name) =>
      Number(database.prepare(`SELECT coalesce(max(seq), 0) AS last FROM "c_${name}"`).get()?.last),
    );
    const sequence = Math.max(Number(last ?? 0), ...ends) + SEQUENCE_LEAP;
    database
      .prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('restored_sequence', ?)")
      .run(sequence);
    database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('restored_at', ?)").run(now);
    // What the instances of the copy's time agreed on.
    if (tables.includes("control")) database.exec("DELETE FROM c_control");
    database.exec("COMMIT");
  } finally {
    database.close();
  }
}

/** With its log: without it the last writes would be missing. */
function setAside(place: string, kept: string): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(`${place}${suffix}`)) renameSync(`${place}${suffix}`, `${kept}${suffix}`);
  }
}

function sync(file: string): void {
  const descriptor = openSync(file, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
