/** What the driver's failures mean. Its texts stay inside, as causes. */
import { MongoBulkWriteError, MongoError, MongoServerError } from "mongodb";
import { aborted, ServiceError, unavailable } from "../../errors.ts";

/** Failures before anything was written to a socket, by the driver's names (not all its classes are exported). */
const NEVER_SENT = new Set([
  "MongoServerSelectionError",
  "MongoPoolClearedError",
  "MongoPoolClosedError",
  "MongoWaitQueueTimeoutError",
  "MongoTopologyClosedError",
  "MongoNotConnectedError",
  "MongoServerClosedError",
]);

/** Answers of a server that looked at who asks, or at what it is itself, and did nothing: authentication, primary. */
const REFUSED_UNSEEN = new Set([13, 18, 10107, 13435]);

const TOO_LARGE = new Set([10334, 17419, 17420]);

/** E11000: another document of this key is there, so an upsert's conditions failed (or it lost a race). */
const DUPLICATE_KEY = 11000;

/** The shape of the document does not take the change: not a number, a path through a scalar, not an array. */
const MISFIT = new Set([14, 28, 2]);

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Whether the server says that the current document, as far as it knows, does not take the update. */
export function isRefusal(error: unknown): boolean {
  return isDuplicateKey(error) || (error instanceof MongoServerError && MISFIT.has(Number(error.code)));
}

/** Whether an unordered insert failed for nothing but documents that were there already. */
export function onlyDuplicates(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined)
    return false;
  return [error.writeErrors].flat().every(({ code }) => code === DUPLICATE_KEY);
}

/** `mutating`: whether a mutation was on its way when the failure came. */
export function failureOf(error: unknown, mutating: boolean): Error {
  if (error instanceof ServiceError) return error;
  const code = error instanceof MongoServerError ? Number(error.code) : undefined;
  if (code !== undefined && TOO_LARGE.has(code)) {
    return new ServiceError(
      "resource_exhausted",
      "TOO_LARGE",
      "the document is too large for the durable store",
      {
        cause: error,
      },
    );
  }
  if (!(error instanceof MongoError)) return error instanceof Error ? error : new Error(String(error));
  const surelyNot =
    NEVER_SENT.has(error.name) ||
    error.hasErrorLabel("HandshakeError") ||
    (code !== undefined && REFUSED_UNSEEN.has(code));
  return unavailable("durable", { applied: mutating && !surelyNot ? "unknown" : "no", cause: error });
}

/** What a call has on its way: an abort or a failure meanwhile leaves it unknown. */
export interface Flight {
  mutating: boolean;
}

/** Runs a call and answers at once when the signal fires; what is on its way is left to end by itself. */
export async function underSignal<Result>(
  signal: AbortSignal | undefined,
  run: (flight: Flight) => Promise<Result>,
): Promise<Result> {
  if (signal?.aborted) throw aborted(signal);
  const flight: Flight = { mutating: false };
  const running = run(flight).catch((error: unknown) => {
    throw failureOf(error, flight.mutating);
  });
  if (signal === undefined) return running;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(aborted(signal, flight.mutating ? "unknown" : "no"));
    signal.addEventListener("abort", onAbort, { once: true });
    running.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
