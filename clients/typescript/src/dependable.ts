/**
 * A transport whose calls are made again where that is safe, within one deadline; whose mutations carry request ids;
 * and whose reads never show anything older than what was seen before. Streams pass through as they are.
 */
import {
  clone,
  create,
  type DescMessage,
  type DescMethodUnary,
  isMessage,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import type { ContextValues, Transport } from "@connectrpc/connect";
import { WaitTaskRequestSchema } from "../../../gen/dbconn/v1/task_pb.ts";
import { failureOf, isWorthRepeating } from "./failure.ts";
import { type Pauses, pauseMs } from "./pause.ts";
import { identify } from "./request-ids.ts";
import type { Revisions } from "./revisions.ts";

export interface DependableOptions extends Pauses {
  /** Of a call with all its repetitions, milliseconds, where the call says nothing else. */
  readonly timeoutMs: number;
  readonly newId: () => string;
  readonly revisions: Revisions;
}

/** WaitTask waits for so long by itself, unless it is told. */
const WAIT_MS = 30_000;

export function dependable(transport: Transport, options: DependableOptions): Transport {
  return {
    unary: (method, signal, timeoutMs, header, input, contextValues) =>
      callUntilDone(transport, options, { method, signal, timeoutMs, header, input, contextValues }),
    stream: (...call) => transport.stream(...call),
  };
}

interface Call<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly header: Parameters<Transport["unary"]>[3];
  readonly input: MessageInitShape<I>;
  readonly contextValues: ContextValues | undefined;
}

async function callUntilDone<I extends DescMessage, O extends DescMessage>(
  transport: Transport,
  options: DependableOptions,
  { method, signal, timeoutMs, header, input, contextValues }: Call<I, O>,
) {
  const { newId, now, random, revisions, sleep } = options;
  const message = clone(method.input, create(method.input, input));
  const safe = identify(method, message, newId);
  const plain = clone(method.input, message);
  let required = revisions.require(method.input, message);
  const end = now() + (timeoutMs ?? options.timeoutMs + waitOf(message));
  for (let attempt = 1; ; attempt++) {
    try {
      const request = required === undefined ? plain : message;
      const left = Math.max(1, Math.ceil(end - now()));
      const response = await transport.unary(
        method,
        signal,
        left,
        header,
        request as MessageInitShape<I>,
        contextValues,
      );
      revisions.learn(message, method.output, response.message);
      return response;
    } catch (error) {
      const failure = failureOf(error);
      if (required !== undefined && isGoneForGood(failure)) {
        revisions.forget(required);
        required = undefined;
        continue;
      }
      if (signal?.aborted || !isWorthRepeating(failure, safe)) throw error;
      const pause = pauseMs(attempt, failure.retryAfterMs, random);
      if (now() + pause >= end) throw error;
      await sleep(pause, signal);
    }
  }
}

/** Nothing is left of the object, not even the memory of its deletion: its revisions begin anew. */
function isGoneForGood({ reason, metadata }: ReturnType<typeof failureOf>): boolean {
  return reason === "REVISION_NOT_REACHED" && metadata.revision === "0";
}

function waitOf(message: Message): number {
  if (!isMessage(message, WaitTaskRequestSchema)) return 0;
  const { timeout } = message;
  return timeout === undefined ? WAIT_MS : Number(timeout.seconds) * 1000 + timeout.nanos / 1e6;
}
