import { getEventListeners } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import type { Watched } from "../../watch-list.ts";
import type { Admitted } from "../admission.ts";
import type { BodyBound } from "../body.ts";
import type { Exchange } from "../exchange.ts";
import { Body, checkLength } from "./body.ts";
import { CallView } from "./call-view.ts";
import { UnaryAnswer } from "./chain.ts";
import type { Format } from "./formats.ts";
import type { LaneContext } from "./lane.ts";
import type { LaneMethod } from "./methods.ts";
import { answerReply, errorReply, type Reply } from "./reply.ts";
import { inSharedBuffer } from "./shared-buffer.ts";

const ENDED = new ConnectError("the call has ended", Code.Canceled);

/** One unary call from its header to the end of its answer. */
export abstract class UnaryCall extends CallView implements Exchange, Watched {
  protected readonly lane: LaneContext;
  /** Whether all of the request has come. */
  protected complete = false;
  place = 0;
  resumed: Exchange["resumed"];
  readonly #entry: LaneMethod;
  readonly #body: Body;
  readonly #closeListeners: (() => void)[] = [];
  #phase: "admission" | "reading" | "handling" | "answered" = "admission";
  #closed = false;
  /** Of the answer, once it is there. */
  #answerBytes: number | undefined;
  #bodyMs = 0;
  #deadlineMs = 0;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #cut: ((reason: Error) => void) | undefined;

  constructor(lane: LaneContext, entry: LaneMethod, format: Format, headers: IncomingHttpHeaders) {
    super(entry.method, format, headers);
    this.lane = lane;
    this.#entry = entry;
    this.#body = new Body(format.protocol === "grpc", lane.limits.readMaxBytes);
  }

  abstract readonly connection: Exchange["connection"];
  abstract giveUpConnection(): void;
  /** Makes the body come to `received` and `receivedAll`. */
  protected abstract read(): void;
  protected abstract send(reply: Reply): void;
  /** Frees what the call holds, without an answer. */
  protected abstract reset(): void;

  begin(): void {
    const admitted = this.lane.admit(this.method, this.#entry.path, this);
    if (admitted instanceof Promise) admitted.then((outcome) => this.#admitted(outcome), this.#fail);
    else this.#admitted(admitted);
  }

  #admitted({ refusal, values }: Admitted): void {
    this.contextValues = values;
    if (this.#closed) return;
    const { shutdownSignal, limits } = this.lane;
    try {
      if (refusal !== undefined) throw refusal;
      const timeout = this.headers[this.format.timeoutHeader];
      if (timeout !== undefined) this.format.checkTimeout(timeout);
      if (this.format.protocol === "connect")
        checkLength(this.headers["content-length"], limits.readMaxBytes);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#phase = "reading";
    if (shutdownSignal.aborted) this.abort(shutdownSignal.reason);
    this.read();
  }

  received(chunk: Buffer): void {
    if (this.#phase !== "reading") return;
    try {
      this.#body.add(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  receivedAll(): void {
    this.complete = true;
    if (this.#phase !== "reading") return;
    this.#phase = "handling";
    this.resumed?.();
    try {
      const { format, method } = this;
      const message = this.#body.message();
      const call = { method, path: this.#entry.path, json: !format.binary, exchange: this };
      const checked = this.lane.checkMessage(message, call);
      if (checked === undefined) this.#handle(message);
      else
        this.within(
          () => checked,
          () => this.#handle(message),
        ).catch(this.#fail);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Throws for what cannot be decoded. */
  #handle(message: Uint8Array): void {
    this.message = this.#entry.serialization.getI(this.format.binary).parse(message);
    this.#entry.handle(this).then(this.#answer, this.#fail);
  }

  /** The answer has left, or the peer is gone. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer === undefined) this.lane.watchList.delete(this);
    else clearTimeout(this.#timer);
    for (const listener of this.#closeListeners) listener();
    if (this.#phase !== "answered") this.abort(new ConnectError("the client went away", Code.Canceled));
  }

  readonly #answer = (response: UnaryResponse): void => {
    if (this.#phase === "answered") return;
    try {
      const { format } = this;
      const bytes = inSharedBuffer(() =>
        this.#entry.serialization.getO(format.binary).serialize(response.message),
      );
      // Copies of an answer, too, lack what nobody asked for.
      const { header = this.ownHeader, trailer = this.ownTrailer }: Partial<UnaryResponse> =
        response instanceof UnaryAnswer ? {} : response;
      this.#reply(answerReply(format, bytes, { header, trailer, compression: this.#compression() }), ENDED);
    } catch (error) {
      this.#fail(error);
    }
  };

  readonly #fail = (thrown: unknown): void => {
    if (this.#phase === "answered") return;
    const error =
      thrown instanceof ConnectError
        ? thrown
        : new ConnectError("internal error", Code.Internal, undefined, undefined, thrown);
    this.lane.completeError(error, this.method, this.contextValues);
    const own = { header: this.ownHeader, trailer: this.ownTrailer, compression: this.#compression() };
    this.#reply(errorReply(this.format, error, own), error);
  };

  #reply(reply: Reply | Promise<Reply>, end: Error): void {
    this.#phase = "answered";
    // Whatever the handler has left to itself ends with its call.
    const { signal } = this.#controller ?? {};
    if (signal !== undefined && getEventListeners(signal, "abort").length > 0) this.#controller?.abort(end);
    const send = (ready: Reply): void => {
      if (this.#closed) return;
      this.#answerBytes = ready.body.length;
      this.send(ready);
    };
    if (reply instanceof Promise) reply.then(send, () => this.reset());
    else send(reply);
  }

  #compression(): Compression | undefined {
    const accepted = this.headers[this.format.acceptHeader];
    return typeof accepted === "string" ? this.lane.compressionFor(accepted) : undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /**
   * Ends what the handler does, also where it does not look at its signal. One that does look says more, such as whether
   * anything was applied, so it gets a moment first.
   */
  abort(reason: Error): void {
    if (this.#reason !== undefined || this.#phase === "answered") return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    if (this.#cut !== undefined) this.#cutSoon(this.#cut, reason);
  }

  within<T, R>(handle: () => Promise<T> | T, made: (outcome: T) => R): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const work = handle();
      if (!(work instanceof Promise)) {
        resolve(made(work));
        return;
      }
      this.#cut = reject;
      if (this.#reason !== undefined) this.#cutSoon(reject, this.#reason);
      work.then((outcome) => resolve(made(outcome))).catch(reject);
    });
  }

  #cutSoon(cut: (reason: Error) => void, reason: Error): void {
    const timer = setTimeout(() => cut(ConnectError.from(reason)), this.lane.limits.settleMs);
    // Nobody waits any more for a peer that is gone.
    if (this.#closed) timer.unref();
    else this.onClose(() => clearTimeout(timer));
  }

  get idleBytes(): number | undefined {
    return this.#phase === "reading" ? this.#body.bytes : this.#answerBytes;
  }

  onClose(listener: () => void): void {
    this.#closeListeners.push(listener);
  }

  bound(body: BodyBound, deadlineMs: number | undefined): void {
    this.#bodyMs = body.ms;
    this.#deadlineMs = deadlineMs ?? this.lane.limits.maxDeadlineMs;
    this.lane.watchList.add(this, Math.min(body.ms, this.#deadlineMs));
  }

  get timeoutMs(): () => number {
    const end = this.#startedAt + this.#deadlineMs;
    return () => Math.round(end - performance.now());
  }

  /** Does what is due: ends a body that is not complete, then the handler, and at last an answer that is not taken. */
  watch(): void {
    if (this.#closed) return;
    const { limits, errors } = this.lane;
    const elapsedMs = performance.now() - this.#startedAt;
    const last = this.#deadlineMs + limits.overrunMs;
    if (elapsedMs >= last) {
      this.reset();
      return;
    }
    if (elapsedMs >= this.#bodyMs && this.#phase === "reading") {
      // The rest of the body would be taken for the next request.
      this.giveUpConnection();
      this.#fail(errors.bodyTimeout(this.#bodyMs));
    }
    if (elapsedMs >= this.#deadlineMs) {
      this.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
    }
    const next = [this.#bodyMs, this.#deadlineMs].filter((dueMs) => dueMs > elapsedMs);
    this.#timer = setTimeout(() => this.watch(), Math.min(last, ...next) - elapsedMs);
  }
}
