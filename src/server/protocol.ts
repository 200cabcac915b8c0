import type { IncomingHttpHeaders } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Protocol } from "../observability/tracing.ts";

/** The protocol that a request speaks, by its content type; what is neither of gRPC's is Connect's, a GET too. */
export function protocolOf({ "content-type": type = "" }: IncomingHttpHeaders): Protocol {
  if (!type.startsWith("application/grpc")) return "connect";
  return type.startsWith("application/grpc-web") ? "grpc_web" : "grpc";
}

/** Whether a call of the method may have any number of messages from its client. */
export function takesStream({ methodKind }: DescMethod): boolean {
  return methodKind === "bidi_streaming" || methodKind === "client_streaming";
}

/** Of every answer but gRPC's: nobody caches or sniffs what only its clients can read. */
export const EVERY_HEADER = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;
