/** A file that is read again whenever it changes: tokens, key sets, certificates. */
import { readFileSync, statSync } from "node:fs";

export interface ReloadOptions {
  /** How often (ms) it is looked at. Its time and size are asked for, which works for every kind of mount. */
  readonly everyMs: number;
  readonly onReload: () => void;
  /** The last good content stays in force. Told once for each failure, not at every look. */
  readonly onFailure: (error: unknown) => void;
}

export interface ReloadingFile<T> {
  readonly current: T;
  /** Looks at once; for tests and signals. */
  look(): void;
  close(): void;
}

/** `paths` are one thing, such as a certificate and its key. Throws when they cannot be read or parsed at first. */
export function reloadingFile<T>(
  paths: readonly string[],
  parse: (contents: readonly string[]) => T,
  { everyMs, onReload, onFailure }: ReloadOptions,
): ReloadingFile<T> {
  let seen = versionOf(paths);
  let current = parse(read(paths));
  let failure = "";
  const look = (): void => {
    try {
      const version = versionOf(paths);
      if (version === seen) return;
      current = parse(read(paths));
      // Only now, so that what could not be read is read again when the rest of it has arrived.
      seen = version;
      failure = "";
      onReload();
    } catch (error) {
      const message = String(error);
      if (message !== failure) onFailure(error);
      failure = message;
    }
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  return {
    get current() {
      return current;
    },
    look,
    close: () => clearInterval(timer),
  };
}

function read(paths: readonly string[]): readonly string[] {
  return paths.map((path) => readFileSync(path, "utf8"));
}

function versionOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const { mtimeNs, size, ino } = statSync(path, { bigint: true });
      return `${mtimeNs}:${size}:${ino}`;
    })
    .join(" ");
}
