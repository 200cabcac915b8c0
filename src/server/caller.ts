import type { ConnectError, ContextValues } from "@connectrpc/connect";
import type { Authenticate, Authentication } from "../auth/principal.ts";
import { principalKey } from "../rpc/principal.ts";
import { clientCertificateOf } from "./client-certificate.ts";
import type { ServerErrors } from "./errors.ts";
import type { PrincipalLimits } from "./principal-limits.ts";
import type { RawRequest, RawResponse } from "./raw.ts";

export interface CallerOptions {
  /** Undefined: everybody may call, and callers are told apart by their addresses. */
  readonly authenticate: Authenticate | undefined;
  readonly principals: PrincipalLimits;
  readonly errors: ServerErrors;
}

/** Finds out who calls and whether that one may call once more now: the error to answer with, or undefined. */
export type CheckCaller = (
  request: RawRequest,
  response: RawResponse,
  values: ContextValues,
) => ConnectError | undefined | Promise<ConnectError | undefined>;

export function createCheckCaller({ authenticate, principals, errors }: CallerOptions): CheckCaller {
  const count = (id: string, response: RawResponse): ConnectError | undefined => {
    if (principals.isFull(id)) return errors.tooManyAtOnce();
    const waitMs = principals.waitFor(id);
    if (waitMs !== undefined) return errors.tooFast(waitMs);
    principals.enter(id);
    response.once("close", () => principals.leave(id));
    return undefined;
  };
  if (authenticate === undefined) {
    return (request, response) => count(`address:${request.socket.remoteAddress ?? ""}`, response);
  }
  return (request, response, values) => {
    const settle = (outcome: Authentication): ConnectError | undefined => {
      if (!("principal" in outcome)) return errors.unauthenticated(outcome.refused, outcome.retry === true);
      values.set(principalKey, outcome.principal);
      return count(outcome.principal.id, response);
    };
    const { authorization } = request.headers;
    const outcome = authenticate({ authorization, certificate: clientCertificateOf(request) });
    return outcome instanceof Promise ? outcome.then(settle) : settle(outcome);
  };
}
