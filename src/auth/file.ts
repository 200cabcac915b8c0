/** The file of tokens and certificates: its form, read with a limit and an error that names the field. */
import { parseScope, SCOPE_FORM } from "./grants.ts";
import { isPrincipalName } from "./principal.ts";

export interface TokenRecord {
  readonly id: string;
  /** Several tokens may share one, so that one can take over from another. */
  readonly name: string;
  /** Of the secret part, in hexadecimal digits. */
  readonly sha256: string;
  readonly scopes: readonly string[];
  /** RFC 3339. */
  readonly created: string;
  /** RFC 3339; undefined: never. */
  readonly expires?: string;
}

/** Matches by one of the two. */
export interface CertificateRecord {
  readonly name: string;
  readonly subject?: string;
  readonly alternativeName?: string;
  readonly scopes: readonly string[];
}

export interface AuthFile {
  readonly tokens: readonly TokenRecord[];
  readonly certificates: readonly CertificateRecord[];
}

export class AuthFileError extends Error {}

export const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_RECORDS = 10_000;
/** Each may cost a list one more query. */
const MAX_SCOPES = 64;

/** Throws AuthFileError, which says where the fault is and quotes nothing. */
export function parseAuthFile(text: string): AuthFile {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES)
    throw new AuthFileError(`has more than ${MAX_FILE_BYTES} bytes`);
  const file = record("the file", parseJson(text), ["tokens", "certificates"]);
  const tokens = list("tokens", file.tokens).map((item, i) => tokenOf(`tokens[${i}]`, item));
  const certificates = list("certificates", file.certificates).map((item, i) =>
    certificateOf(`certificates[${i}]`, item),
  );
  unique(
    "tokens",
    "id",
    tokens.map(({ id }) => id),
  );
  unique(
    "certificates",
    "subject",
    certificates.flatMap(({ subject }) => subject ?? []),
  );
  unique(
    "certificates",
    "alternativeName",
    certificates.flatMap((c) => c.alternativeName ?? []),
  );
  return { tokens, certificates };
}

function tokenOf(at: string, value: unknown): TokenRecord {
  const item = record(at, value, ["id", "name", "sha256", "scopes", "created", "expires"]);
  const base = {
    id: textOf(`${at}.id`, item.id, /^[0-9a-f]{16}$/, "16 hexadecimal digits"),
    name: nameOf(`${at}.name`, item.name),
    sha256: textOf(`${at}.sha256`, item.sha256, /^[0-9a-f]{64}$/, "64 hexadecimal digits"),
    scopes: scopesOf(`${at}.scopes`, item.scopes),
    created: timeOf(`${at}.created`, item.created),
  };
  return item.expires === undefined ? base : { ...base, expires: timeOf(`${at}.expires`, item.expires) };
}

function certificateOf(at: string, value: unknown): CertificateRecord {
  const item = record(at, value, ["name", "subject", "alternativeName", "scopes"]);
  const base = { name: nameOf(`${at}.name`, item.name), scopes: scopesOf(`${at}.scopes`, item.scopes) };
  const { subject, alternativeName } = item;
  if ((subject === undefined) === (alternativeName === undefined)) {
    throw new AuthFileError(`${at} must have either a subject or an alternativeName`);
  }
  if (subject !== undefined) {
    return {
      ...base,
      subject: textOf(`${at}.subject`, subject, /^.{1,1024}$/, "a line such as CN=worker,O=Example"),
    };
  }
  const form = /^(DNS|URI|email|IP Address):.{1,1024}$/;
  const described = "DNS:..., URI:..., email:... or IP Address:...";
  return { ...base, alternativeName: textOf(`${at}.alternativeName`, alternativeName, form, described) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the text.
    throw new AuthFileError("is no JSON");
  }
}

function record(at: string, value: unknown, fields: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AuthFileError(`${at} must be an object`);
  }
  const unknown = Object.keys(value).findIndex((key) => !fields.includes(key));
  if (unknown >= 0) throw new AuthFileError(`${at} may have ${fields.join(", ")} and nothing else`);
  return value as Readonly<Record<string, unknown>>;
}

function list(at: string, value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_RECORDS) {
    throw new AuthFileError(`${at} must be a list of at most ${MAX_RECORDS}`);
  }
  return value;
}

function textOf(at: string, value: unknown, form: RegExp, takes: string): string {
  if (typeof value !== "string" || !form.test(value)) throw new AuthFileError(`${at} must be ${takes}`);
  return value;
}

function nameOf(at: string, value: unknown): string {
  if (!isPrincipalName(value)) throw new AuthFileError(`${at} must be one line of 1 to 100 characters`);
  return value;
}

function timeOf(at: string, value: unknown): string {
  const text = textOf(at, value, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, "a time such as 2030-01-31T12:00:00Z");
  if (Number.isNaN(Date.parse(text)))
    throw new AuthFileError(`${at} must be a time such as 2030-01-31T12:00:00Z`);
  return text;
}

function scopesOf(at: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_SCOPES) {
    throw new AuthFileError(`${at} must be a list of 1 to ${MAX_SCOPES}`);
  }
  return value.map((item: unknown, i) => {
    if (typeof item !== "string" || parseScope(item) === undefined) {
      throw new AuthFileError(`${at}[${i}] must be ${SCOPE_FORM}`);
    }
    return item;
  });
}

function unique(at: string, field: string, values: readonly string[]): void {
  const twice = values.findIndex((value, i) => values.indexOf(value) !== i);
  if (twice >= 0) throw new AuthFileError(`${at}: two have the same ${field}`);
}
