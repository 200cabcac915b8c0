/** The log: JSON lines on standard output. */
import type { Readable } from "node:stream";
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino";
import { CallLines } from "./call-lines.ts";
import type { CallLog } from "./calls.ts";

/** What may wait for a reader that stands still; later lines are dropped, since the service must go on. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
/** A line of another process that is longer is passed on in parts. */
const MAX_LINE_CHARS = 1024 * 1024;

export interface Log {
  readonly logger: Logger;
  readonly calls: CallLog;
  /** Takes the lines that another process writes. */
  relay(output: Readable): void;
  /** Writes what waits. For the very end: it holds up everything else. */
  flush(): void;
}

/**
 * Lines are handed over without waiting: a write that waits for a slow reader of a pipe would hold up every call.
 * What gathers meanwhile leaves in one piece.
 * @param worker of several processes that write one log, this one's number
 */
export function openLog(level: LevelWithSilent, worker?: number): Log {
  const destination = pino.destination({
    fd: 1,
    sync: false,
    maxLength: MAX_WAITING_BYTES,
    maxWrite: PIECE_BYTES,
  });
  const logger = createLogger(level, destination).child(worker === undefined ? {} : { worker });
  if (worker !== undefined) {
    // Whoever read it is gone, and to write the rest of it would be tried for ever. Cluster's own listener ends the process.
    process.prependListener("disconnect", () => {
      destination.flushSync = () => {};
    });
  }
  const calls = new CallLines(logger, destination, PIECE_BYTES);
  const flush = (): void => {
    calls.flush();
    destination.flushSync();
  };
  return { logger, calls, relay: (output) => relayLines(output, destination), flush };
}

/** Lines without process id and host name, which whoever collects them knows better. */
export function createLogger(level: LevelWithSilent, destination: DestinationStream): Logger {
  return pino({ level, base: null }, destination);
}

/** Passes on whole lines, so that those of several processes never mix. */
export function relayLines(output: Readable, destination: DestinationStream): void {
  let begun = "";
  const endLine = (): void => {
    if (begun !== "") destination.write(`${begun}\n`);
    begun = "";
  };
  output.setEncoding("utf8");
  output.on("data", (text: string) => {
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) destination.write(begun + text.slice(0, end));
    begun = end > 0 ? text.slice(end) : begun + text;
    if (begun.length > MAX_LINE_CHARS) endLine();
  });
  // A process that was killed may have been in the middle of a line.
  output.once("end", endLine);
  output.on("error", endLine);
}
