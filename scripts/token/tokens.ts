// What the command does to the file: read whole, changed, and replaced whole, so that the service never sees a part.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type AuthFile, AuthFileError, parseAuthFile, type TokenRecord } from "../../src/auth/file.ts";
import { parseScope, SCOPE_FORM } from "../../src/auth/grants.ts";
import { isPrincipalName } from "../../src/auth/principal.ts";
import { type NewToken, newToken } from "../../src/auth/secret.ts";

/** A mistake of the user's, said in a way that helps. */
export class TokenError extends Error {}

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Only the service's user need read it; hashes of random secrets are of little use to others, names are. */
const MODE = 0o600;

export interface TokenInput {
  readonly name: string;
  readonly scopes: readonly string[];
  /** `12h`, `90d` */
  readonly expires?: string;
}

export function addToken(
  path: string,
  { name, scopes, expires }: TokenInput,
  now: number,
  random: (bytes: number) => Buffer,
): NewToken {
  if (!isPrincipalName(name)) throw new TokenError("NAME must be one line of 1 to 100 characters");
  if (scopes.length === 0) throw new TokenError("a token without --scope may do nothing");
  for (const scope of scopes) {
    if (parseScope(scope) === undefined) throw new TokenError(`"${scope}" is no scope; one is ${SCOPE_FORM}`);
  }
  const file = existsSync(path) ? readAuthFile(path) : { tokens: [], certificates: [] };
  const made = newToken(random);
  const record: TokenRecord = {
    id: made.id,
    name,
    sha256: made.sha256,
    scopes,
    created: new Date(now).toISOString(),
    ...(expires === undefined ? {} : { expires: new Date(now + spanOf(expires)).toISOString() }),
  };
  writeAuthFile(path, { ...file, tokens: [...file.tokens, record] });
  return made;
}

/** The ids of those revoked. */
export function revokeTokens(path: string, nameOrId: string): readonly string[] {
  const file = readAuthFile(path);
  const revoked = file.tokens.filter(({ id, name }) => id === nameOrId || name === nameOrId);
  if (revoked.length === 0)
    throw new TokenError(`${path} has no token "${nameOrId}"; list shows those it has`);
  writeAuthFile(path, { ...file, tokens: file.tokens.filter((token) => !revoked.includes(token)) });
  return revoked.map(({ id }) => id);
}

/** A line for each token. */
export function describeTokens(path: string, now: number): string {
  const lines = readAuthFile(path).tokens.map(({ id, name, scopes, created, expires }) => {
    const until =
      expires === undefined
        ? "until revoked"
        : `${Date.parse(expires) <= now ? "EXPIRED" : "until"} ${expires}`;
    return `${id}  ${name}  ${scopes.join(" ")}  made ${created}  ${until}\n`;
  });
  return lines.length === 0 ? "There are no tokens.\n" : lines.join("");
}

function readAuthFile(path: string): AuthFile {
  try {
    return parseAuthFile(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof AuthFileError) throw new TokenError(`${path} ${error.message}; nothing was changed`);
    throw new TokenError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function writeAuthFile(path: string, file: AuthFile): void {
  const text = `${JSON.stringify(file, undefined, 2)}\n`;
  parseAuthFile(text);
  const next = `${path}.${process.pid}.tmp`;
  writeFileSync(next, text, { mode: MODE, flag: "wx" });
  renameSync(next, path);
}

function spanOf(text: string): number {
  const [, digits, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const ms = Number(digits) * UNITS_MS[unit as keyof typeof UNITS_MS];
  if (!(ms > 0)) throw new TokenError("--expires takes a span of time such as 30m, 12h or 90d");
  return ms;
}
