import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import type {
  HandlerContext,
  Interceptor,
  StreamRequest,
  UnaryRequest,
  UnaryResponse,
} from "@connectrpc/connect";
import { CallView, origin } from "./call-view.ts";

export type Handler = (request: UnaryRequest) => Promise<UnaryResponse>;

export type Implementation = (
  message: MessageShape<DescMessage>,
  context: HandlerContext,
) => Promise<MessageInitShape<DescMessage>> | MessageInitShape<DescMessage>;

/** An answer as interceptors see it. Its header and trailer come to be when somebody asks for them. */
export class UnaryAnswer implements UnaryResponse {
  readonly stream = false;
  readonly message: MessageShape<DescMessage>;
  readonly #call: CallView;

  constructor(call: CallView, message: MessageShape<DescMessage>) {
    this.#call = call;
    this.message = message;
  }

  get method() {
    return this.#call.method;
  }

  get service() {
    return this.#call.service;
  }

  get header(): Headers {
    return this.#call.responseHeader;
  }

  get trailer(): Headers {
    return this.#call.responseTrailer;
  }
}

/**
 * A handler inside its interceptors, the first outermost: made once for a method and not, as Connect does, once for
 * a call.
 */
export function chain(implementation: Implementation, interceptors: readonly Interceptor[]): Handler {
  let next: Handler = (request) => {
    const call = callOf(request);
    const answer = (output: MessageInitShape<DescMessage>) =>
      new UnaryAnswer(call, create(call.method.output, output));
    return call.within(() => implementation(request.message, contextOf(call, request)), answer);
  };
  for (const interceptor of interceptors.toReversed()) {
    const inner = next;
    next = interceptor((request) => inner(whole(request))) as Handler;
  }
  return next;
}

/** A call makes its header and its signal when they are asked for, so that a copy of it has none: they are put back. */
function whole(request: UnaryRequest | StreamRequest): UnaryRequest {
  if (request instanceof CallView) return request;
  if (request.stream) throw new TypeError("an interceptor made a stream of a unary call");
  const { header, signal, url } = callOf(request);
  return Object.assign({ header, signal, url }, request);
}

function callOf(request: UnaryRequest): CallView {
  const call = origin in request ? request[origin] : undefined;
  if (call instanceof CallView) return call;
  throw new TypeError("an interceptor passed on a request that is no copy of the one it was given");
}

/** What the handler sees of a request that an interceptor has changed. */
function contextOf(call: CallView, request: UnaryRequest): HandlerContext {
  if (request === call) return call;
  const { requestMethod, protocolName, timeoutMs, responseHeader, responseTrailer } = call;
  const { service, method, url, signal, header: requestHeader, contextValues: values } = request;
  const own = { requestMethod, protocolName, timeoutMs, responseHeader, responseTrailer };
  return { ...own, service, method, url, signal, requestHeader, values };
}
