import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { ObservedCall } from "../../observability/calls.ts";
import { codeName, observedCall } from "../observed-call.ts";

/**
 * Writes down how a call ended, and handles it inside its trace. It stands outermost, so that it sees the very code that
 * the client does.
 */
export const observeCalls: Interceptor = (next) => async (request) => {
  const call = request.contextValues.get(observedCall);
  if (call === undefined) return next(request);
  try {
    if (request.stream) {
      // Not inside the trace: what a stream waits for is shared among many and may go on for days.
      const response = await next(request);
      if (response.stream) return { ...response, message: observed(response.message, call) };
      call.code = "OK";
      return response;
    }
    const response = await call.run(() => next(request));
    call.code = "OK";
    return response;
  } catch (error) {
    call.code = codeOf(error);
    throw error;
  }
};

async function* observed<T>(messages: AsyncIterable<T>, call: ObservedCall): AsyncIterable<T> {
  try {
    yield* messages;
    call.code = "OK";
  } catch (error) {
    call.code = codeOf(error);
    throw error;
  }
}

function codeOf(error: unknown): string {
  // As Connect answers what is no error of its own.
  return codeName(ConnectError.from(error, Code.Internal).code);
}
