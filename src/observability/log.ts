/** The log: JSON lines on standard output. */
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino";
import { CallLines } from "./call-lines.ts";
import type { CallLog } from "./calls.ts";

/** What may wait for a reader that stands still; later lines are dropped, since the service must go on. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** What a pipe takes in one piece (PIPE_BUF), so that the lines of several processes never mix. */
const SHARED_PIECE_BYTES = 4096;
const PIECE_BYTES = 64 * 1024;

export interface Log {
  readonly logger: Logger;
  readonly calls: CallLog;
  /** Writes what waits. For the very end: it holds up everything else. */
  flush(): void;
}

/**
 * Lines are handed over without waiting: a write that waits for a slow reader of a pipe would hold up every call.
 * What gathers meanwhile leaves in one piece.
 * @param worker of several processes with one output, this one's number
 */
export function openLog(level: LevelWithSilent, worker?: number): Log {
  const pieceBytes = worker === undefined ? PIECE_BYTES : SHARED_PIECE_BYTES;
  const destination = pino.destination({
    fd: 1,
    sync: false,
    maxLength: MAX_WAITING_BYTES,
    maxWrite: pieceBytes,
  });
  const logger = createLogger(level, destination).child(worker === undefined ? {} : { worker });
  const calls = new CallLines(logger, destination, pieceBytes);
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
