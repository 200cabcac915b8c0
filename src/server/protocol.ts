import type { IncomingHttpHeaders } from "node:http";
import type { Protocol } from "../observability/tracing.ts";

/** The protocol that a request speaks, by its content type; what is neither of gRPC's is Connect's, a GET too. */
export function protocolOf({ "content-type": type = "" }: IncomingHttpHeaders): Protocol {
  if (!type.startsWith("application/grpc")) return "connect";
  return type.startsWith("application/grpc-web") ? "grpc_web" : "grpc";
}
