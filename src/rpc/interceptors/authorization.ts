import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { ContextValues, Interceptor } from "@connectrpc/connect";
import type { Principal } from "../../auth/principal.ts";
import { ServiceError } from "../../errors.ts";
import { authorize } from "../authorize.ts";
import { rowOf } from "../permissions.ts";
import { principalKey, visibleKey } from "../principal.ts";

/**
 * Lets a call pass if its caller may make it, and ends a stream whose caller may not any more. Only for a service with
 * authentication: a call that nobody is known to make is refused.
 */
export function authorizationInterceptor(): Interceptor {
  return (next) => async (request) => {
    const { method, contextValues } = request;
    const principal = contextValues.get(principalKey);
    if (principal === undefined) throw unauthenticated("nobody is known to make this call");
    if (!request.stream) {
      judge(method, request.message, principal, contextValues);
      return next(request);
    }
    const response = await next({
      ...request,
      message: judged(request.message, (message) => judge(method, message, principal, contextValues)),
    });
    return response.stream ? { ...response, message: whileCurrent(response.message, principal) } : response;
  };
}

function judge(method: DescMethod, message: object, principal: Principal, values: ContextValues): void {
  const row = rowOf(method.parent.typeName, method.name);
  if (row === undefined) {
    throw new ServiceError("permission_denied", "PERMISSION_DENIED", "nobody may call this method");
  }
  if (row === "public" || row === "authenticated") return;
  values.set(visibleKey, authorize(row, principal.grants, message));
  if (hasActor(method.input)) Object.assign(message, { actor: principal.id });
}

/** What a caller says of itself would be worth nothing in the audit trail. */
function hasActor(input: DescMessage): boolean {
  return input.field.actor !== undefined;
}

async function* judged<T>(messages: AsyncIterable<T>, judge: (message: T) => void): AsyncIterable<T> {
  for await (const message of messages) {
    judge(message);
    yield message;
  }
}

async function* whileCurrent<T>(messages: AsyncIterable<T>, principal: Principal): AsyncIterable<T> {
  for await (const message of messages) {
    if (!principal.isCurrent()) throw unauthenticated("the credentials have expired or were revoked");
    yield message;
  }
}

function unauthenticated(message: string): ServiceError {
  return new ServiceError("unauthenticated", "UNAUTHENTICATED", message);
}
