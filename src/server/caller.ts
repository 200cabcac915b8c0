import type { ConnectError, ContextValues } from "@connectrpc/connect";
import type { Authenticate, Authentication, Principal } from "../auth/principal.ts";
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
  const count = (id: string, exchange: Exchange, gone = false): ConnectError | undefined => {
    const use = principals.of(id);
    if (use.isFull) return errors.tooManyAtOnce();
    const waitMs = use.take();
    if (waitMs !== undefined) return errors.tooFast(waitMs);
    if (gone) return undefined;
    use.enter();
    exchange.onClose(use.leave);
    return undefined;
  };
  if (authenticate === undefined) return (exchange) => count(addressOf(exchange.connection), exchange);
  return (exchange, values) => {
    const settle = (outcome: Authentication, gone: boolean): ConnectError | undefined => {
      if (!("principal" in outcome)) return errors.unauthenticated(outcome.refused, outcome.retry === true);
      values.set(principalKey, outcome.principal);
      return count(outcome.principal.id, exchange, gone);
    };
    const { connection, headers } = exchange;
    const { authorization } = headers;
    const before = shownBefore(connection, authorization);
    if (before !== undefined) return settle({ principal: before }, false);
    const outcome = authenticate({ authorization, certificate: clientCertificateOf(connection) });
    if (!(outcome instanceof Promise)) {
      if ("principal" in outcome) remember(connection, authorization, outcome.principal);
      return settle(outcome, false);
    }
    // The exchange may have ended by the time that its caller is known, and would not say so again.
    let gone = false;
    exchange.onClose(() => {
      gone = true;
    });
    return outcome.then((known) => settle(known, gone));
  };
}

interface Shown {
  readonly authorization: string;
  readonly principal: Principal;
}

const shown = new WeakMap<NonNullable<Exchange["connection"]>, Shown>();

/**
 * Whom the same header was found to be from on the same connection, where all that let it in is still in force. To hash
 * the secret and compare it takes a tenth of a short call's time. Compared is only what this very peer has sent, so that
 * nobody learns anything of another one's secret from how long it takes.
 */
function shownBefore(
  connection: Exchange["connection"],
  authorization: string | undefined,
): Principal | undefined {
  const last = connection && shown.get(connection);
  return last !== undefined && last.authorization === authorization && last.principal.isCurrent()
    ? last.principal
    : undefined;
}

function remember(
  connection: Exchange["connection"],
  authorization: string | undefined,
  principal: Principal,
): void {
  if (connection !== undefined && authorization !== undefined)
    shown.set(connection, { authorization, principal });
}

const addresses = new WeakMap<NonNullable<Exchange["connection"]>, string>();

/** Looked up once for a connection: on HTTP/2 the way to the socket is a long one. */
function addressOf(connection: Exchange["connection"]): string {
  if (connection === undefined) return "address:";
  let address = addresses.get(connection);
  if (address === undefined) {
    address = `address:${socketOf(connection)?.remoteAddress ?? ""}`;
    addresses.set(connection, address);
  }
  return address;
}
