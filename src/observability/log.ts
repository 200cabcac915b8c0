/** The log: JSON lines on standard output. */
import { type Bindings, type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino";
import { CallLines } from "./call-lines.ts";
import type { CallLog } from "./calls.ts";

/** What may wait for a reader that stands still; later lines are dropped, since the service must go on. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** What a pipe takes in one piece (PIPE_BUF), so that the lines of several processes never mix. */
const PIECE_BYTES = 4096;

export interface Log {
  readonly logger: Logger;
  readonly calls: CallLog;
  /** Writes what waits. For the very end: it holds up everything else. */
  flush(): void;
}

/**
 * Lines are handed over without waiting: a write that waits for a slow reader of a pipe would hold up every call.
 * What gathers meanwhile leaves in one piece.
 */
export function openLog(level: LevelWithSilent, bindings: Bindings = {}): Log {
  const destination = pino.destination({
    fd: 1,
    sync: false,
    maxLength: MAX_WAITING_BYTES,
    maxWrite: PIECE_BYTES,
  });
  const logger = createLogger(level, destination).child(bindings);
  const calls = new CallLines(logger, destination, PIECE_BYTES);
  const flush = (): void => {
    calls.flush();
    destination.flushSync();
  };
  return { logger, calls, flush };
}

/** Lines without process id and host name, which whoever collects them knows better. */
export function createLogger(level: LevelWithSilent, destination: DestinationStream): Logger {
  return pino({ level, base: null }, destination);
}
