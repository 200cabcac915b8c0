import {
  createMutableRegistry,
  createRegistry,
  type DescMessage,
  type DescMethod,
  type DescService,
} from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError, type ContextValues, type HandlerContext } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { isUnreadable } from "../rpc/errors.ts";
import { codeName, observedCall } from "../rpc/observed-call.ts";
import type { ServerErrors } from "./errors.ts";
import { faultyField } from "./json-fault.ts";

/**
 * Completes the errors of calls that no interceptor gets to see, because Connect cannot read the request, or cannot
 * write the answer: by themselves they say nothing but a message.
 */
export interface UnreadCalls {
  /** For Connect's options. */
  readonly jsonOptions: object;
  /** Lets an Any of these services' types be read and written as JSON. */
  know(services: readonly DescService[]): void;
  /** To be called before each call is read. Throws for a query in which Connect would not find the caller's fault. */
  watch(context: HandlerContext): void;
  /** Completes the error that a call is answered with, and writes its code down. */
  complete(error: ConnectError, method: DescMethod, values: ContextValues): void;
}

export function createUnreadCalls(errors: ServerErrors): UnreadCalls {
  // Text that is no UTF-8 must be refused: read leniently, it would be stored as other text than was sent.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let lastText = "";
  // A batch answers with the details of its items' errors.
  const registry = createMutableRegistry(ErrorInfoSchema, BadRequestSchema, RetryInfoSchema);
  const complete: UnreadCalls["complete"] = (error, method, values) => {
    // What is quoted of JSON may hold half a character, of which no header can be made.
    Object.assign(error, { rawMessage: error.rawMessage.toWellFormed() });
    if (errors.domain !== undefined && error.details.length === 0) {
      const completed = completion(errors, error, () => fieldOf(method.input, error, lastText));
      if (completed !== undefined) Object.assign(error, { code: completed.code, details: completed.details });
    }
    const call = values.get(observedCall);
    if (call !== undefined) call.code = codeName(error.code);
  };
  return {
    jsonOptions: {
      // A misspelt field must not pass as an empty one.
      ignoreUnknownFields: false,
      registry,
      // Connect reads the text in the same turn in which it fails on it.
      textDecoder: {
        decode: (bytes: Uint8Array) => {
          lastText = "";
          lastText = decoder.decode(bytes);
          return lastText;
        },
      },
      // Short texts get memory from Node's pool, which costs less than memory of their own.
      textEncoder: { encode: (text: string) => Buffer.from(text) },
    },
    watch({ signal, method, requestMethod, url, values }) {
      if (requestMethod === "GET" && !isReadableQuery(url)) {
        throw errors.malformed("message is not base64, as the query says that it is", "message");
      }
      // With no time left Connect would read the message all the same, and nobody would hear of what it fails on.
      if (signal.aborted && signal.reason instanceof ConnectError && errors.domain !== undefined) {
        throw errors.deadlineExceeded(signal.reason.rawMessage);
      }
      // Connect aborts a failed call with the very error that it writes right after.
      const onAbort = (): void => {
        if (signal.reason instanceof ConnectError) complete(signal.reason, method, values);
      };
      signal.addEventListener("abort", onAbort, { once: true });
    },
    complete,
    know: (services) => {
      for (const type of createRegistry(...services.map(({ file }) => file))) registry.add(type);
    },
  };
}

function isReadableQuery(url: string): boolean {
  const query = new URL(url).searchParams;
  if (query.get("base64") !== "1") return true;
  try {
    base64Decode(query.get("message") ?? "");
    return true;
  } catch {
    return false;
  }
}

/** What the error should have been; undefined for one that is not about the request or the answer as such. */
function completion(
  errors: ServerErrors,
  error: ConnectError,
  field: () => string | undefined,
): ConnectError | undefined {
  const { code, rawMessage } = error;
  switch (code) {
    case Code.InvalidArgument:
      return errors.malformed(rawMessage, field());
    case Code.Internal:
      return isUnreadable(error) ? errors.malformed(rawMessage, field()) : undefined;
    case Code.ResourceExhausted:
      return errors.tooLarge(rawMessage, rawMessage.includes("writeMaxBytes") ? "yes" : "no");
    case Code.Unimplemented:
      return errors.unimplemented(rawMessage);
    default:
      return undefined;
  }
}

function fieldOf(input: DescMessage, { rawMessage }: ConnectError, text: string): string | undefined {
  if (rawMessage.startsWith("parse binary")) return nestedField(input, rawMessage);
  const named = /(?:field|oneof) [\w.]+\.(\w+) from|object key "(\w{1,64})"/.exec(rawMessage);
  return faultyField(input, text) ?? named?.[1] ?? named?.[2];
}

/** What is nested too deep for the reader can only be in a field that holds any JSON. */
function nestedField(input: DescMessage, message: string): string | undefined {
  if (!message.includes("recursion depth")) return undefined;
  return input.fields.find((field) =>
    /^google\.protobuf\.(Struct|Value)$/.test(field.message?.typeName ?? ""),
  )?.name;
}
