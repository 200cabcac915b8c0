import type { Directory } from "./directory.ts";
import type { JwtVerifier } from "./jwt.ts";
import type { Authenticate, Authentication } from "./principal.ts";
import { readToken } from "./secret.ts";

const MISSING: Authentication = { refused: "this call needs a bearer token or a client certificate" };
const NOT_BEARER: Authentication = { refused: "the authorization header must be: Bearer TOKEN" };
const UNKNOWN: Authentication = { refused: "the bearer token is of no kind that is accepted here" };

/**
 * A bearer token goes before a certificate, so that a proxy with a certificate can speak for others. One that is
 * refused is not made good by a certificate: the caller would act under a name it did not mean.
 */
export function createAuthenticate(
  directory: Directory | undefined,
  jwt: JwtVerifier | undefined,
): Authenticate {
  return ({ authorization, certificate }) => {
    if (authorization === undefined) {
      if (certificate === undefined || directory === undefined) return MISSING;
      return directory.byCertificate(certificate);
    }
    const [, bearer] = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization) ?? [];
    if (bearer === undefined) return NOT_BEARER;
    const token = readToken(bearer);
    if (token !== undefined && directory !== undefined) return directory.byToken(token);
    return jwt?.verify(bearer) ?? UNKNOWN;
  };
}
