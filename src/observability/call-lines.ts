import { type DestinationStream, type Logger, pino } from "pino";
import type { CallLine, CallLog } from "./calls.ts";

/** How long a line may wait for others. */
const GATHER_MS = 10;

/**
 * The log's lines of calls, as pino would write them. They are nearly all of the log, and pino's general way was a tenth
 * of what a short call costs: so the text is put together here, and leaves in pieces, since each wakes a thread that writes it.
 */
export class CallLines implements CallLog {
  readonly #logger: Logger;
  readonly #destination: DestinationStream;
  readonly #pieceBytes: number;
  /** The fields that every line of this process has. */
  readonly #bindings: string;
  #waiting = "";

  /** @param pieceBytes what may leave at once */
  constructor(logger: Logger, destination: DestinationStream, pieceBytes: number) {
    this.#logger = logger;
    this.#destination = destination;
    this.#pieceBytes = pieceBytes;
    const bindings = JSON.stringify(logger.bindings()).slice(1, -1);
    this.#bindings = bindings && `,${bindings}`;
  }

  info(call: CallLine): void {
    if (this.#logger.isLevelEnabled("info")) this.#add(pino.levels.values.info, call);
  }

  warn(call: CallLine): void {
    if (this.#logger.isLevelEnabled("warn")) this.#add(pino.levels.values.warn, call);
  }

  readonly flush = (): void => {
    if (this.#waiting === "") return;
    this.#destination.write(this.#waiting);
    this.#waiting = "";
  };

  #add(
    level: number | undefined,
    { method, protocol, code, ms, principal, requestId, traceId }: CallLine,
  ): void {
    // Who calls is text from outside; everything else is made of safe letters.
    const caller = principal === undefined ? "" : `,"principal":${JSON.stringify(principal)}`;
    const trace = traceId === undefined ? "" : `,"trace_id":"${traceId}"`;
    const line =
      `{"level":${level},"time":${Date.now()}${this.#bindings},"method":"${method}","protocol":"${protocol}",` +
      `"code":"${code}","ms":${ms}${caller},"request_id":"${requestId}"${trace},"msg":"call"}\n`;
    if (this.#waiting === "") setTimeout(this.flush, GATHER_MS);
    else if (this.#waiting.length + line.length > this.#pieceBytes) this.flush();
    this.#waiting += line;
  }
}
