/** JSON Web Tokens of an identity provider, judged by its published keys. */
import { createHash } from "node:crypto";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { LRUCache } from "lru-cache";
import { Grants, parseScope } from "./grants.ts";
import { type Authentication, isPrincipalName, type Principal } from "./principal.ts";

export interface JwtRules {
  /** `iss` and `aud` must be these; a token for somebody else is none for this service. */
  readonly issuer: string;
  readonly audience: string;
  /** The claim that holds the scopes: text parted by spaces, or a list. */
  readonly scopeClaim: string;
}

/** Finds the key that a token names. */
export type JwtKeys = JWTVerifyGetKey;

/** Signatures that the verifier's key cannot make: with a shared secret, who can check a token could issue one. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const CLOCK_TOLERANCE_S = 30;
const MAX_CHARS = 8192;
/** Each may cost a list one more query. */
const MAX_SCOPES = 64;
/** A verified token is not verified again for so long; a key that is withdrawn is refused by then. */
const REMEMBER_MS = 60_000;
const REMEMBERED = 10_000;
const FETCH_TIMEOUT_MS = 5_000;
const FETCH_AGAIN_MS = 30_000;
const KEEP_KEYS_MS = 600_000;

/** Keys fetched when they are first needed, kept, and fetched again for a key id that is new, but not too often. */
export function remoteKeys(url: URL): JwtKeys {
  return createRemoteJWKSet(url, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: FETCH_AGAIN_MS,
    cacheMaxAge: KEEP_KEYS_MS,
  });
}

/** Throws for what is no key set. */
export function localKeys(text: string): JwtKeys {
  return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
}

export class JwtVerifier {
  readonly #rules: JwtRules;
  readonly #keys: () => JwtKeys;
  readonly #now: () => number;
  readonly #verified = new LRUCache<string, { readonly principal: Principal; readonly until: number }>({
    max: REMEMBERED,
  });

  /** `keys` is asked each time, so that a file of keys can be replaced. `now` in ms since the epoch. */
  constructor(rules: JwtRules, keys: () => JwtKeys, now: () => number) {
    this.#rules = rules;
    this.#keys = keys;
    this.#now = now;
  }

  /** Forgets what was verified, as the keys may have changed. */
  forget(): void {
    this.#verified.clear();
  }

  verify(token: string): Authentication | Promise<Authentication> {
    if (token.length > MAX_CHARS) return { refused: `a JWT may have at most ${MAX_CHARS} characters` };
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#verified.get(key);
    if (known !== undefined && this.#now() < known.until) return { principal: known.principal };
    return this.#verify(token, key);
  }

  async #verify(token: string, key: string): Promise<Authentication> {
    const { issuer, audience } = this.#rules;
    let payload: JWTPayload;
    try {
      const verified = await jwtVerify(token, this.#keys(), {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ["exp", "sub"],
        currentDate: new Date(this.#now()),
      });
      payload = verified.payload;
    } catch (error) {
      return refusalOf(error);
    }
    const { sub, exp = 0 } = payload;
    if (!isPrincipalName(sub)) return { refused: "the JWT's sub must be one line of 1 to 100 characters" };
    const expires = (exp + CLOCK_TOLERANCE_S) * 1000;
    const principal: Principal = {
      id: `jwt:${sub}`,
      grants: new Grants(this.#scopesOf(payload)),
      isCurrent: () => this.#now() < expires,
    };
    this.#verified.set(key, { principal, until: Math.min(expires, this.#now() + REMEMBER_MS) });
    return { principal };
  }

  /** Other applications' scopes may stand among them and grant nothing here. */
  #scopesOf(payload: JWTPayload): readonly string[] {
    const claim = payload[this.#rules.scopeClaim];
    const scopes: readonly unknown[] =
      typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
    return scopes
      .filter((scope) => typeof scope === "string" && parseScope(scope) !== undefined)
      .slice(0, MAX_SCOPES) as string[];
  }
}

/** Says which check failed where that helps an honest caller; never what the token holds. */
function refusalOf(error: unknown): Authentication {
  if (error instanceof errors.JWTExpired) return { refused: "the JWT has expired" };
  if (error instanceof errors.JWTClaimValidationFailed) {
    return { refused: `the JWT's ${error.claim} is not the one wanted here` };
  }
  const code = error instanceof errors.JOSEError ? error.code : undefined;
  // The last is what a provider's answer other than 200 comes as.
  if (code === undefined || code === "ERR_JWKS_TIMEOUT" || code === "ERR_JOSE_GENERIC") {
    return { refused: "the keys that would verify the JWT cannot be had at the moment", retry: true };
  }
  return { refused: "the JWT is malformed, or not signed by a key known here" };
}
