import type { IncomingHttpHeaders } from "node:http";
import type { DescMessage, DescMethodUnary, DescService, MessageShape } from "@bufbuild/protobuf";
import {
  type ContextValues,
  createContextValues,
  type HandlerContext,
  type UnaryRequest,
} from "@connectrpc/connect";
import type { Format } from "./formats.ts";

/** Copies of a request carry on what they were made from. */
export const origin = Symbol("origin");

const NO_VALUES = createContextValues();
const NOT_READ: MessageShape<DescMessage> = { $typeName: "" };

/**
 * A unary call as its interceptors see it, and as its handler does: one object with the names that either knows. What
 * few ask for comes to be when somebody asks: web headers, the signal, the URL.
 */
export abstract class CallView implements UnaryRequest, HandlerContext {
  readonly [origin]: CallView = this;
  readonly stream = false;
  readonly requestMethod = "POST";
  readonly protocolName: Format["protocol"];
  readonly method: DescMethodUnary;
  readonly service: DescService;
  readonly headers: IncomingHttpHeaders;
  message = NOT_READ;
  contextValues: ContextValues = NO_VALUES;
  protected readonly format: Format;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;

  constructor(method: DescMethodUnary, format: Format, headers: IncomingHttpHeaders) {
    this.method = method;
    this.service = method.parent;
    this.format = format;
    this.protocolName = format.protocol;
    this.headers = headers;
  }

  abstract readonly url: string;
  abstract readonly signal: AbortSignal;
  abstract readonly timeoutMs: () => number | undefined;

  /** What is made of a handler's outcome, or the reason why its call was ended. */
  abstract within<T, R>(handle: () => Promise<T> | T, made: (outcome: T) => R): Promise<R>;

  get values(): ContextValues {
    return this.contextValues;
  }

  get header(): Headers {
    return this.requestHeader;
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= webHeaders(this.headers);
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers({ "content-type": this.format.answerType });
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers(this.format.answerTrailers);
    return this.#responseTrailer;
  }

  /** The answer's headers, if anybody asked for them. */
  protected get ownHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  protected get ownTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }
}

function webHeaders(headers: IncomingHttpHeaders): Headers {
  const web = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    // HTTP/2 has its request line among them.
    if (name.startsWith(":") || value === undefined) continue;
    if (typeof value === "string") web.append(name, value);
    else for (const each of value) web.append(name, each);
  }
  return web;
}
