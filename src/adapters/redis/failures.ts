import { ErrorReply } from "redis";
import { type Applied, ServiceError, unavailable } from "../../errors.ts";

/**
 * What a server says that works but does not serve: a replica, out of memory, loading, failing over, busy, refusing.
 * Older servers put the code of an error inside a script in the middle of the message.
 */
const NOT_SERVING =
  /(?:^|\s|-)(?:READONLY|OOM|LOADING|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|TRYAGAIN|NOREPLICAS|MISCONF|BUSY|UNKILLABLE|NOAUTH|WRONGPASS|NOPERM|ERR max number of clients)\b/;

/**
 * What a failed command means: the store cannot be used now, or (anything else it replied) this code is wrong.
 * `unanswered` is what may have been applied when no reply came; `refused`, when the server replied with a refusal.
 */
export function failureOf(error: unknown, unanswered: Applied, refused: Applied): unknown {
  if (!(error instanceof ErrorReply)) return unavailable("hot", { cause: error, applied: unanswered });
  if (!NOT_SERVING.test(error.message)) return error;
  return unavailable("hot", { cause: error, applied: refused });
}

export function isUnknownScript(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith("NOSCRIPT");
}

/** Keys may have gone from a server that was not looked at yet to one that was. */
export function slotsMoved(): ServiceError {
  return new ServiceError(
    "aborted",
    "SLOTS_MOVED",
    "entries moved between the hot store's servers meanwhile: begin again without a page token",
    { retryAfterMs: 1_000 },
  );
}
