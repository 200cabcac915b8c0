import type { ServerHttp2Session } from "node:http2";
import type { CallTable } from "./calls.ts";

/** What is worth a message to the peer. */
const WORTH_TELLING = 1.25;

export interface StreamShareOptions {
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  readonly calls: CallTable;
  /** Streams that a session may have when there is room for all. */
  readonly max: number;
}

/**
 * Tells HTTP/2 peers how many calls they may have at a time, so that under load they hold their calls back instead of
 * sending what would be refused: a refusal costs nearly as much work as a small call, and several times the load in
 * refusals leaves no time for calls. Each busy session gets an equal part of `room`, beside what its streams wait on.
 */
export class StreamShare {
  readonly #options: StreamShareOptions;
  readonly #told = new WeakMap<ServerHttp2Session, number>();
  #limited = false;

  constructor(options: StreamShareOptions) {
    this.#options = options;
  }

  /** `room`: calls at work that may be open in all; undefined: as many as anybody likes. */
  share(room: number | undefined): void {
    if (room === undefined && !this.#limited) return;
    this.#limited = room !== undefined;
    const { sessions, calls, max } = this.#options;
    const waiting = new Map<object, number>();
    const busy = new Set<object>();
    for (const { exchange, waits } of calls) {
      const { connection } = exchange;
      if (connection === undefined) continue;
      if (waits) waiting.set(connection, (waiting.get(connection) ?? 0) + 1);
      else busy.add(connection);
    }
    const part = room === undefined ? max : Math.max(1, Math.ceil(room / Math.max(1, busy.size)));
    for (const session of sessions) this.#tell(session, Math.min(max, part + (waiting.get(session) ?? 0)));
  }

  #tell(session: ServerHttp2Session, streams: number): void {
    const { max } = this.#options;
    const told = this.#told.get(session) ?? max;
    const worth = streams === max ? told !== max : Math.max(streams / told, told / streams) >= WORTH_TELLING;
    // One at a time: a peer that does not confirm gets no more of them.
    if (!worth || session.closed || session.destroyed || session.pendingSettingsAck) return;
    session.settings({ maxConcurrentStreams: streams });
    this.#told.set(session, streams);
  }
}
