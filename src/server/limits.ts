/**
 * Every limit of the port, in one frozen object. The unit is last in each name. A limit exists because a
 * peer could otherwise hold memory, a socket or a handler for as long as it likes.
 */
export interface Limits {
  /** Open TCP connections. Further ones are dropped by the listener. Default 4096. */
  readonly maxConnections: number;
  /** Time a new connection has to show which protocol it speaks. Default 10 s. */
  readonly firstBytesMs: number;
  /** HTTP/1: time for a request's header block; then 408. Default 15 s. */
  readonly headersMs: number;
  /** HTTP/1: time an idle connection is kept for a next request. Default 75 s. */
  readonly keepAliveMs: number;
  /** Size of a request's header block, in both HTTP versions. Default 16 KiB. */
  readonly maxHeaderBytes: number;
  /** Number of header fields in a request, in both HTTP versions. Default 128. */
  readonly maxHeaderFields: number;

  /** HTTP/2: calls open at once on one connection. Default 200. */
  readonly maxConcurrentStreams: number;
  /** HTTP/2: memory of one connection, in MB (10^6 bytes); new streams are refused above it. Default 32. */
  readonly maxSessionMemoryMb: number;
  /** HTTP/2: invalid frames before the connection is ended. Default 100. */
  readonly maxInvalidFrames: number;
  /** HTTP/2: streams refused on one connection before it is ended. Default 100. */
  readonly maxRejectedStreams: number;
  /** HTTP/2: stream resets a peer may send in one burst (rapid reset). Default 400. */
  readonly streamResetBurst: number;
  /** HTTP/2: stream resets a peer may send per second in the long run. Default 50. */
  readonly streamResetPerSecond: number;
  /** HTTP/2: time a connection without an open call is kept, and a client stream may say nothing. Default 5 min. */
  readonly idleMs: number;
  /** HTTP/2: age at which a connection is asked to go, so that load spreads over new instances. Default 1 h. */
  readonly maxAgeMs: number;

  /** One request message, after decompression. Default 4 MiB. */
  readonly readMaxBytes: number;
  /** Fields, elements and entries of one request message, unless its method has a limit of its own. Default 250,000. */
  readonly maxValues: number;
  /** One response message. Default 4 MiB. */
  readonly writeMaxBytes: number;
  /** Calls at work in the whole process; more wait, and are shed with RESOURCE_EXHAUSTED. Default 200. */
  readonly maxInFlight: number;
  /** How late a busy event loop may be; above it fewer calls are taken at a time, down to 128. Default 50 ms. */
  readonly loopDelayMs: number;
  /** Calls of one caller that are open at once, streams among them. Default: all that there may be. */
  readonly maxInFlightPerPrincipal: number;
  /** Calls of one caller per second in the long run; more are refused. Default: more than there can be. */
  readonly ratePerPrincipal: number;
  /** Calls of one caller that may come at once, however few came before. Default as above. */
  readonly burstPerPrincipal: number;
  /** Calls that wait (streams, long polls, those whose peers are slow), which cost no work; more are shed likewise. Default 5000. */
  readonly maxWaiting: number;
  /** Absolute time for a request's whole body, whatever trickles in. Default 20 s. */
  readonly bodyMs: number;
  /** Deadline of a unary call whose client set none. Default 10 s. */
  readonly defaultDeadlineMs: number;
  /** The longest deadline of a unary call; a client's longer one is shortened to it. Default 60 s. */
  readonly maxDeadlineMs: number;
  /** Time a handler has to answer by itself once its signal has aborted. Default 250 ms. */
  readonly settleMs: number;
  /** Time after a call's deadline in which its answer must have left; then the stream is reset. Default 5 s. */
  readonly overrunMs: number;
  /** Time in which a streamed message must have been taken by the peer. Default 60 s. */
  readonly streamStallMs: number;
}

const defaults: Limits = {
  maxConnections: 4096,
  firstBytesMs: 10_000,
  headersMs: 15_000,
  keepAliveMs: 75_000,
  maxHeaderBytes: 16 * 1024,
  maxHeaderFields: 128,
  maxConcurrentStreams: 200,
  maxSessionMemoryMb: 32,
  maxInvalidFrames: 100,
  maxRejectedStreams: 100,
  streamResetBurst: 400,
  streamResetPerSecond: 50,
  idleMs: 300_000,
  maxAgeMs: 3_600_000,
  readMaxBytes: 4 * 1024 * 1024,
  maxValues: 250_000,
  writeMaxBytes: 4 * 1024 * 1024,
  maxInFlight: 200,
  loopDelayMs: 50,
  maxInFlightPerPrincipal: 1_000_000,
  ratePerPrincipal: 1_000_000,
  burstPerPrincipal: 1_000_000,
  maxWaiting: 5000,
  bodyMs: 20_000,
  defaultDeadlineMs: 10_000,
  maxDeadlineMs: 60_000,
  settleMs: 250,
  overrunMs: 5_000,
  streamStallMs: 60_000,
};

/**
 * Settings over defaults, frozen.
 * @throws RangeError naming the limit, when one is not a positive integer or a default exceeds its maximum.
 */
export function createLimits(settings: Partial<Limits> = {}): Limits {
  const limits: Limits = { ...defaults, ...settings };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(`${name} must be a positive integer, got ${value}`);
    }
  }
  if (limits.defaultDeadlineMs > limits.maxDeadlineMs) {
    throw new RangeError(
      `defaultDeadlineMs (${limits.defaultDeadlineMs}) must not exceed maxDeadlineMs (${limits.maxDeadlineMs})`,
    );
  }
  return Object.freeze(limits);
}
