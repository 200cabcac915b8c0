/** The log: JSON lines on standard output. */
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino";

/** What may wait for a reader that stands still; later lines are dropped, since the service must go on. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** What a pipe takes in one piece (PIPE_BUF), so that the lines of several processes never mix. */
const PIECE_BYTES = 4096;

export interface Log {
  readonly logger: Logger;
  /** Writes what waits. For the very end: it holds up everything else. */
  flush(): void;
}

/**
 * Lines are handed over without waiting: a write that waits for a slow reader of a pipe would hold up every call.
 * What gathers meanwhile leaves in one piece.
 */
export function openLog(level: LevelWithSilent): Log {
  const destination = pino.destination({
    fd: 1,
    sync: false,
    maxLength: MAX_WAITING_BYTES,
    maxWrite: PIECE_BYTES,
  });
  return { logger: createLogger(level, destination), flush: () => destination.flushSync() };
}

/** Lines without process id and host name, which whoever collects them knows better. */
export function createLogger(level: LevelWithSilent, destination: DestinationStream): Logger {
  return pino({ level, base: null }, destination);
}
