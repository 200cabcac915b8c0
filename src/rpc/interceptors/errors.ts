import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Interceptor } from "@connectrpc/connect";
import { isUnexpected, toConnectError } from "../errors.ts";
import { methodName } from "../observed-call.ts";

/** Where unexpected errors go; pino's logger is one. */
export interface ErrorLog {
  error(fields: { readonly err: unknown; readonly method: string }, message: string): void;
}

/** Answers every failure of a method in the service's own vocabulary, and logs those that nobody foresaw. */
export function errorInterceptor(log: ErrorLog): Interceptor {
  const answerFor = (method: DescMethod, error: unknown): Error => {
    if (isUnexpected(error)) log.error({ err: error, method: methodName(method) }, "a method failed");
    const mutation = method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
    return toConnectError(error, { mutation });
  };
  return (next) => async (request) => {
    const { method } = request;
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: mapErrors(response.message, (error) => answerFor(method, error)) };
    } catch (error) {
      throw answerFor(method, error);
    }
  };
}

/** A stream fails while it is read, long after the call returned. */
async function* mapErrors<T>(messages: AsyncIterable<T>, map: (error: unknown) => Error): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw map(error);
  }
}
