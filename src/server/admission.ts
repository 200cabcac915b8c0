import type { DescMethod } from "@bufbuild/protobuf";
import { type ConnectError, type ContextValues, createContextValues } from "@connectrpc/connect";
import type { CallObserver } from "../observability/calls.ts";
import { codeName, methodName, observedCall } from "../rpc/observed-call.ts";
import { principalKey } from "../rpc/principal.ts";
import type { BodyBound } from "./body.ts";
import type { CheckCaller } from "./caller.ts";
import type { CallTable } from "./calls.ts";
import type { Crowd } from "./crowd.ts";
import { type DeadlineRule, deadlineOf } from "./deadline.ts";
import type { ServerErrors } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Limits } from "./limits.ts";
import { protocolOf, takesStream } from "./protocol.ts";

/**
 * Of the calls at work, so that those of one service that wait for a store that hangs leave room for the others, which
 * may need the other store only.
 */
const SHARE_OF_ONE_SERVICE = 0.75;

export interface AdmissionOptions {
  readonly limits: Limits;
  readonly errors: ServerErrors;
  readonly calls: CallTable;
  /** A rule of its own for a unary method; undefined means the limits' deadlines. Streams never have one. */
  readonly deadlineFor: (path: string) => DeadlineRule | undefined;
  /** Methods that are never shed, such as health checks. */
  readonly exempt: (method: DescMethod) => boolean;
  readonly observer: CallObserver | undefined;
  readonly checkCaller: CheckCaller;
  /** Calls at work that the process keeps up with, and those that are too many. */
  readonly crowd: Crowd;
}

/** What was decided about a call before its body was read. */
export interface Admitted {
  /** The error to answer with instead of the call, if it is refused. */
  readonly refusal: ConnectError | undefined;
  /** What interceptors may know of the call beside its message. */
  readonly values: ContextValues;
}

/** Decides about a call as soon as its header is there; at once, unless somebody has to be asked about its caller. */
export type Admit = (method: DescMethod, path: string, exchange: Exchange) => Admitted | Promise<Admitted>;

/** What is the same for all calls of a method. */
interface MethodFacts {
  readonly name: string;
  readonly service: string;
  /** Undefined of a stream. */
  readonly rule: DeadlineRule | undefined;
  /** Its calls end when something happens, not when work is done. */
  readonly waits: boolean;
  readonly spared: boolean;
  readonly streamsIn: boolean;
}

function remember(find: (method: DescMethod, path: string) => MethodFacts): typeof find {
  const known = new Map<DescMethod, MethodFacts>();
  return (method, path) => {
    let facts = known.get(method);
    if (facts === undefined) {
      facts = find(method, path);
      known.set(method, facts);
    }
    return facts;
  };
}

/**
 * What must happen before a call's body is read: its deadline is settled, it is counted or shed, it gets the timers
 * that bound its body and its answer, and its caller is found out. Interceptors run too late for that, as unary ones see
 * a message that was already received.
 */
export function createAdmission(options: AdmissionOptions): Admit {
  const { limits, errors, calls, deadlineFor, exempt, crowd, checkCaller, observer } = options;
  const maxOfOneService = Math.ceil(limits.maxInFlight * SHARE_OF_ONE_SERVICE);
  const fits = (service: string): boolean => calls.workingOf(service) < maxOfOneService;
  const ordinary: DeadlineRule = { defaultMs: limits.defaultDeadlineMs, maxMs: limits.maxDeadlineMs };

  const factsOf = remember((method: DescMethod, path: string): MethodFacts => {
    const { methodKind, parent } = method;
    const rule = methodKind === "unary" ? (deadlineFor(path) ?? ordinary) : undefined;
    return {
      name: methodName(method),
      service: parent.typeName,
      rule,
      waits: rule === undefined || rule.waits === true,
      spared: exempt(method),
      streamsIn: takesStream(method),
    };
  });

  return function admit(method, path, exchange) {
    const { headers } = exchange;
    const { name, service, rule, waits, spared, streamsIn } = factsOf(method, path);
    const deadlineMs = rule === undefined ? undefined : deadlineOf(headers, rule);
    const full =
      !spared && (waits ? calls.count(true) >= limits.maxWaiting : !crowd.hasRoom || !fits(service));
    // It does no work while it waits whether there will be room.
    const held = full && calls.count(true) < limits.maxWaiting;
    const entry = calls.add({ exchange, service, waits: waits || full });
    if (!waits && !full && !spared) crowd.take();
    const values = createContextValues();
    const call = observer?.start({
      method: name,
      protocol: protocolOf(headers),
      headers,
      quiet: spared,
    });
    if (call !== undefined) {
      values.set(observedCall, call);
      exchange.onClose(() => call.end());
    }
    const bound: BodyBound = streamsIn
      ? { ms: limits.idleMs, of: "pause" }
      : { ms: Math.min(limits.bodyMs, deadlineMs ?? limits.bodyMs), of: "whole" };
    exchange.bound(bound, deadlineMs);
    const settle = (refusal: ConnectError | undefined): Admitted => {
      if (call !== undefined) {
        call.principal = values.get(principalKey)?.id;
        if (refusal !== undefined) call.code = codeName(refusal.code);
      }
      return { refusal, values };
    };
    if (spared) return settle(undefined);
    const check = (): Admitted | Promise<Admitted> => {
      const refusal = checkCaller(exchange, values);
      return refusal instanceof Promise ? refusal.then(settle) : settle(refusal);
    };
    if (!full) return check();
    if (!held) return settle(errors.overloaded());
    const gone = (listener: () => void): void => exchange.onClose(listener);
    return crowd
      .wait(() => fits(service), gone)
      .then((taken) => {
        if (!taken) return settle(errors.overloaded());
        calls.work(entry);
        return check();
      });
  };
}
