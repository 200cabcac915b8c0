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
  /** To be called when the exchange begins, since it may have ended by the time that its caller is known. */
  const counter = (exchange: Exchange) => {
    let entered: string | undefined;
    let gone = false;
    exchange.onClose(() => {
      gone = true;
      if (entered !== undefined) principals.leave(entered);
    });
    return (id: string): ConnectError | undefined => {
      if (principals.isFull(id)) return errors.tooManyAtOnce();
      const waitMs = principals.waitFor(id);
      if (waitMs !== undefined) return errors.tooFast(waitMs);
      if (gone) return undefined;
      principals.enter(id);
      entered = id;
      return undefined;
    };
  };
  if (authenticate === undefined) {
    return (exchange) => counter(exchange)(`address:${socketOf(exchange.connection)?.remoteAddress ?? ""}`);
  }
  return (exchange, values) => {
    const count = counter(exchange);
    const settle = (outcome: Authentication): ConnectError | undefined => {
      if (!("principal" in outcome)) return errors.unauthenticated(outcome.refused, outcome.retry === true);
      values.set(principalKey, outcome.principal);
      return count(outcome.principal.id);
    };
    const { authorization } = exchange.headers;
    const outcome = authenticate({ authorization, certificate: clientCertificateOf(exchange.connection) });
    return outcome instanceof Promise ? outcome.then(settle) : settle(outcome);
  };
}
