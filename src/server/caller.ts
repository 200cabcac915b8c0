import type { ConnectError, ContextValues } from "@connectrpc/connect";
import type { Authenticate, Authentication } from "../auth/principal.ts";
import { principalKey } from "../rpc/principal.ts";
import { clientCertificateOf } from "./client-certificate.ts";
import type { ServerErrors } from "./errors.ts";
import { type Exchange, socketOf } from "./exchange.ts";
import type { PrincipalLimits } from "./principal-limits.ts";

export interface CallerOptions {
  /** Undefined: everybody may call, and callers are told apart by their addresses. */
  readonly authenticate: Authenticate | undefined;
  readonly principals: PrincipalLimits;
  readonly errors: ServerErrors;
}

/** Finds out who calls and whether that one may call once more now: the error to answer with, or undefined. */
export type CheckCaller = (
  exchange: Exchange,
  values: ContextValues,
) => ConnectError | undefined | Promise<ConnectError | undefined>;

export function createCheckCaller({ authenticate, principals, errors }: CallerOptions): CheckCaller {
  const count = (id: string, exchange: Exchange): ConnectError | undefined => {
    if (principals.isFull(id)) return errors.tooManyAtOnce();
    const waitMs = principals.waitFor(id);
    if (waitMs !== undefined) return errors.tooFast(waitMs);
    principals.enter(id);
    exchange.onClose(() => principals.leave(id));
    return undefined;
  };
  if (authenticate === undefined) {
    return (exchange) => count(`address:${socketOf(exchange.connection)?.remoteAddress ?? ""}`, exchange);
  }
  return (exchange, values) => {
    const settle = (outcome: Authentication): ConnectError | undefined => {
      if (!("principal" in outcome)) return errors.unauthenticated(outcome.refused, outcome.retry === true);
      values.set(principalKey, outcome.principal);
      return count(outcome.principal.id, exchange);
    };
    const { authorization } = exchange.headers;
    const outcome = authenticate({ authorization, certificate: clientCertificateOf(exchange.connection) });
    return outcome instanceof Promise ? outcome.then(settle) : settle(outcome);
  };
}
