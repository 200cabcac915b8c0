import { ConnectError, type Interceptor } from "@connectrpc/connect";

/**
 * Ends a call when its signal aborts (deadline, shutdown, client gone), also where a handler does not look at
 * it. A handler that does look says more, such as whether anything was applied, so it gets a moment first.
 * It stands innermost, so that the other interceptors see the error as if the handler had thrown it.
 */
export function boundedCall(settleMs: number): Interceptor {
  return (next) => async (request) => {
    const response = await within(next(request), request.signal, settleMs);
    if (!response.stream) return response;
    return { ...response, message: boundedStream(response.message, request.signal, settleMs) };
  };
}

async function* boundedStream<T>(
  messages: AsyncIterable<T>,
  signal: AbortSignal,
  settleMs: number,
): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await within(iterator.next(), signal, settleMs);
      if (step.done !== true) yield step.value;
      // A stream that was cut must not look like one that came to its end.
      else if (signal.aborted) throw reasonOf(signal);
      else return;
    }
  } finally {
    // Not awaited: a handler that is stuck would hold the end of the call again.
    iterator.return?.().catch(() => {});
  }
}

function within<T>(work: Promise<T>, signal: AbortSignal, settleMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      timer = setTimeout(() => reject(reasonOf(signal)), settleMs);
    };
    const settled = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.finally(settled).then(resolve, reject);
  });
}

const reasonOf = (signal: AbortSignal): ConnectError => ConnectError.from(signal.reason);
