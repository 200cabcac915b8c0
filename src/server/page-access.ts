import type { ConnectError } from "@connectrpc/connect";
import type { FastifyRequest } from "fastify";
import type { Authenticate, Authentication } from "../auth/principal.ts";
import { clientCertificateOf } from "./client-certificate.ts";
import type { ServerErrors } from "./errors.ts";
import { connectionOf } from "./raw.ts";

/** For whatever decides whether the process lives and gets traffic; they tell nothing else. */
const PROBES: ReadonlySet<string> = new Set(["/livez", "/readyz"]);

/**
 * Pages beside the methods tell how the service is, which is for those who may ask for its status; but for those under
 * `publicPrefix`, which hold no data. `describing`: pages about the API as such, for everybody who is known.
 */
export function createAdmitPage(
  authenticate: Authenticate | undefined,
  errors: ServerErrors,
  publicPrefix: string | undefined,
  describing: readonly string[],
) {
  const settle = (path: string, outcome: Authentication): ConnectError | undefined => {
    if (!("principal" in outcome)) return errors.unauthenticated(outcome.refused, outcome.retry === true);
    const mayRead = describing.includes(path) || !outcome.principal.grants.names("status", "read").isEmpty;
    return mayRead ? undefined : errors.forbidden("status:read");
  };
  return (
    path: string,
    request: FastifyRequest,
  ): ConnectError | undefined | Promise<ConnectError | undefined> => {
    if (authenticate === undefined || PROBES.has(path)) return undefined;
    if (publicPrefix !== undefined && `${path}/`.startsWith(`${publicPrefix}/`)) return undefined;
    const { authorization } = request.headers;
    const outcome = authenticate({
      authorization,
      certificate: clientCertificateOf(connectionOf(request.raw)),
    });
    return outcome instanceof Promise
      ? outcome.then((settled) => settle(path, settled))
      : settle(path, outcome);
  };
}
