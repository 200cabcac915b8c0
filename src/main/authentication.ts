/** Who may call: the file of tokens and certificates, and the identity provider's keys, kept up to date. */
import type { Interceptor } from "@connectrpc/connect";
import { createAuthenticate } from "../auth/authenticate.ts";
import { Directory } from "../auth/directory.ts";
import { parseAuthFile } from "../auth/file.ts";
import type { JwtKeys, JwtVerifier } from "../auth/jwt.ts";
import type { Authenticate } from "../auth/principal.ts";
import { type ReloadingFile, reloadingFile } from "../auth/reloading-file.ts";
import type { Config } from "../config.ts";
import { authorizationInterceptor } from "../rpc/interceptors/authorization.ts";

/** How often files are looked at: a revoked token is refused after about so long. */
export const RELOAD_EVERY_MS = 1_000;

export interface ReloadLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Authentication {
  /** Undefined: everybody may do everything. */
  readonly authenticate: Authenticate | undefined;
  readonly interceptors: readonly Interceptor[];
  close(): void;
}

/** `now` in ms since the epoch. Rejects when a file cannot be used. */
export async function openAuthentication(
  config: Config["auth"],
  now: () => number,
  log: ReloadLog,
): Promise<Authentication> {
  const { file, jwt } = config;
  const files: ReloadingFile<unknown>[] = [];
  const watch = <T>(path: string, parse: (text: string) => T): ReloadingFile<T> => {
    const watched = openReloading([path], ([text = ""]) => parse(text), log);
    files.push(watched);
    return watched;
  };

  let directory: Directory | undefined;
  if (file !== undefined) {
    const inForce = new Directory(now);
    watch(file, (text) => inForce.replace(parseAuthFile(text)));
    directory = inForce;
  }
  let verifier: JwtVerifier | undefined;
  if (jwt !== undefined) {
    // Loaded where it is used, as the drivers are.
    const { JwtVerifier, localKeys, remoteKeys } = await import("../auth/jwt.ts");
    const keysOf = (): (() => JwtKeys) => {
      if (/^https?:/.test(jwt.keys)) {
        const remote = remoteKeys(new URL(jwt.keys));
        return () => remote;
      }
      const file = watch(jwt.keys, (text) => {
        const parsed = localKeys(text);
        verifier?.forget();
        return parsed;
      });
      return () => file.current;
    };
    verifier = new JwtVerifier(jwt, keysOf(), now);
  }
  const close = () => {
    for (const watched of files) watched.close();
  };
  return directory === undefined && verifier === undefined
    ? { authenticate: undefined, interceptors: [], close }
    : {
        authenticate: createAuthenticate(directory, verifier),
        interceptors: [authorizationInterceptor()],
        close,
      };
}

/** A file that is wrong at the start stops it; later the last good content stays in force, and the log says so. */
export function openReloading<T>(
  paths: readonly string[],
  parse: (contents: readonly string[]) => T,
  log: ReloadLog,
): ReloadingFile<T> {
  const [first] = paths;
  try {
    return reloadingFile(paths, parse, {
      everyMs: RELOAD_EVERY_MS,
      onReload: () => log.info({ file: first }, "a changed file is in force"),
      onFailure: (err) => log.error({ file: first, reason: String(err) }, "a changed file cannot be used"),
    });
  } catch (error) {
    throw new Error(`${paths.join(", ")}: ${error instanceof Error ? error.message : error}`);
  }
}
