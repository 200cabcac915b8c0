import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { FastifyReply, FastifyRequest } from "fastify";
import { ignorePeerError } from "./raw.ts";

/**
 * Answers with an error that no Connect handler has made, in the words of the protocol that the request
 * speaks: a gRPC client takes a plain 404 or 400 for a broken proxy.
 * @param httpStatus for everything that is not gRPC; by default the one that belongs to the error's code
 */
export function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  error: ConnectError,
  httpStatus: number = codeToHttpStatus(error.code),
): void {
  const type = request.headers["content-type"] ?? "";
  const header = new Headers();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) header.set(name, String(value));
  }
  reply.hijack();
  universalResponseToNodeResponse(render(error, type, header, httpStatus), reply.raw).catch(ignorePeerError);
}

function render(error: ConnectError, type: string, header: Headers, httpStatus: number) {
  if (!type.startsWith("application/grpc")) {
    const body = errorToJsonBytes(error, undefined);
    header.set("content-type", "application/json");
    header.set("content-length", String(body.byteLength));
    return { status: httpStatus, header, body: single(body) };
  }
  header.set("content-type", type);
  if (type.startsWith("application/grpc-web")) {
    // gRPC-Web knows no HTTP trailers; an answer that is nothing but a status has it in the header.
    setTrailerStatus(header, error);
    return { status: 200, header };
  }
  const trailer = new Headers();
  setTrailerStatus(trailer, error);
  return { status: 200, header, trailer };
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
