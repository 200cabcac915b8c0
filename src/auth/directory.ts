/** Those whom the file of tokens and certificates names, ready to be looked up. */
import type { AuthFile } from "./file.ts";
import { Grants } from "./grants.ts";
import type { Authentication, ClientCertificate, Principal } from "./principal.ts";
import { isSecret, type ReadToken } from "./secret.ts";

interface Known {
  readonly principal: Principal;
  /** All that the file says of it, so that a change of anything ends what the old words let in. */
  readonly record: string;
  readonly sha256: string;
}

/** Never the hash of a secret: what an unknown id is compared with, so that it takes as long as a known one. */
const NOBODY = "0".repeat(64);
const UNKNOWN_TOKEN: Authentication = { refused: "the token is not known, has expired or was revoked" };
const UNKNOWN_CERTIFICATE: Authentication = { refused: "the client certificate is of nobody known here" };

export class Directory {
  readonly #now: () => number;
  #tokens: ReadonlyMap<string, Known> = new Map();
  #certificates: ReadonlyMap<string, Known> = new Map();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** From now on the file's content is in force, and nothing else. */
  replace(file: AuthFile): void {
    this.#tokens = new Map(
      file.tokens.map((token) => {
        const { id, name, sha256, scopes, expires } = token;
        const until = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires);
        const record = JSON.stringify(token);
        const isCurrent = () => this.#now() < until && this.#tokens.get(id)?.record === record;
        const principal = { id: `token:${name}`, grants: new Grants(scopes), isCurrent };
        return [id, { principal, record, sha256 }];
      }),
    );
    this.#certificates = new Map(
      file.certificates.map((certificate) => {
        const { name, subject, alternativeName, scopes } = certificate;
        const key = subject === undefined ? `name ${alternativeName}` : `subject ${subject}`;
        const record = JSON.stringify(certificate);
        const isCurrent = () => this.#certificates.get(key)?.record === record;
        const principal = { id: `certificate:${name}`, grants: new Grants(scopes), isCurrent };
        return [key, { principal, record, sha256: NOBODY }];
      }),
    );
  }

  byToken({ id, secret }: ReadToken): Authentication {
    const known = this.#tokens.get(id);
    const right = isSecret(secret, known?.sha256 ?? NOBODY);
    return known !== undefined && right && known.principal.isCurrent()
      ? { principal: known.principal }
      : UNKNOWN_TOKEN;
  }

  byCertificate({ subject, alternativeNames }: ClientCertificate): Authentication {
    const keys = [...alternativeNames.map((name) => `name ${name}`), `subject ${subject}`];
    const [known] = keys.flatMap((key) => this.#certificates.get(key) ?? []);
    return known === undefined ? UNKNOWN_CERTIFICATE : { principal: known.principal };
  }
}
