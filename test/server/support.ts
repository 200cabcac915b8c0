import { EventEmitter, once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { type Client, createClient, type Interceptor, type ServiceImpl } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import type { Authenticate } from "../../src/auth/principal.ts";
import type { CallObserver } from "../../src/observability/calls.ts";
import type { DeadlineRule } from "../../src/server/deadline.ts";
import { createLimits, type Limits } from "../../src/server/limits.ts";
import { createReadiness, type Readiness } from "../../src/server/readiness.ts";
import { createServer, type Server } from "../../src/server/server.ts";
import type { TlsOptions } from "../../src/server/tls.ts";
import { TestService } from "./test-service.ts";

export interface Setup {
  handlers?: Partial<ServiceImpl<typeof TestService>>;
  interceptors?: Interceptor[];
  limits?: Partial<Limits>;
  corsOrigins?: string[];
  deadlineFor?: (path: string) => DeadlineRule | undefined;
  takesTurns?: (path: string) => boolean;
  observer?: CallObserver;
  authenticate?: Authenticate;
  tls?: TlsOptions;
}

export interface Running {
  server: Server;
  readiness: Readiness;
  port: number;
  url: string;
}

/** A ready server with the test service, closed when the test ends. Unary methods echo unless given. */
export async function start(setup: Setup = {}): Promise<Running> {
  const { handlers = {}, limits, interceptors = [], corsOrigins = [] } = setup;
  const { authenticate, deadlineFor, takesTurns, observer, tls } = setup;
  const readiness = createReadiness();
  const server = await createServer({
    routes: (router) => {
      router.service(TestService, { read: (message) => message, write: (message) => message, ...handlers });
    },
    interceptors,
    // A machine that is busy with other tests is no overload, unless a test says so.
    limits: createLimits({ loopDelayMs: 10_000, ...limits }),
    corsOrigins,
    readiness,
    log: { info: () => {}, error: () => {} },
    unaryLane: process.env.UNARY_LANE !== "false",
    errorDomain: "test",
    ...(deadlineFor === undefined ? {} : { deadlineFor }),
    ...(takesTurns === undefined ? {} : { takesTurns }),
    ...(observer === undefined ? {} : { observer }),
    ...(authenticate === undefined ? {} : { authenticate }),
    tls,
  });
  const { port } = await server.listen("127.0.0.1", 0);
  readiness.setReady(true);
  onTestFinished(async () => {
    await server.close(100);
  });
  return { server, readiness, port, url: `http://127.0.0.1:${port}` };
}

/** A session manager that is aborted when the test ends, so that no client outlives it. */
export function sessionManager(
  url: string,
  options: http2.SecureClientSessionOptions = {},
): Http2SessionManager {
  const manager = new Http2SessionManager(url, undefined, options);
  onTestFinished(() => manager.abort());
  return manager;
}

/** Every protocol that the port speaks, by name, as a transport. */
export const transports = {
  gRPC: (baseUrl: string) => createGrpcTransport({ baseUrl, sessionManager: sessionManager(baseUrl) }),
  "gRPC-Web on HTTP/1.1": (baseUrl: string) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-Web on HTTP/2": (baseUrl: string) =>
    createGrpcWebTransport({ baseUrl, httpVersion: "2", sessionManager: sessionManager(baseUrl) }),
  "Connect binary on HTTP/1.1": (baseUrl: string) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true }),
  "Connect JSON on HTTP/1.1": (baseUrl: string) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "Connect binary on HTTP/2": (baseUrl: string) =>
    createConnectTransport({ baseUrl, httpVersion: "2", sessionManager: sessionManager(baseUrl) }),
  "Connect GET": (baseUrl: string) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true, useBinaryFormat: false }),
};

export const protocols = Object.keys(transports) as (keyof typeof transports)[];

export const clientOf = (protocol: keyof typeof transports, url: string): Client<typeof TestService> =>
  createClient(TestService, transports[protocol](url));

/** A raw connection; an error of the peer's making is part of what is tested, so it only closes. */
export async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, "connect");
  return socket;
}

/** All that a raw connection receives until the server closes it. */
export async function received(socket: net.Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  await new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", () => resolve());
  });
  return text;
}

/** A raw HTTP/2 session with prior knowledge, connected and with the server's settings. */
export async function session(url: string): Promise<http2.ClientHttp2Session> {
  const client = http2.connect(url);
  client.on("error", () => {});
  onTestFinished(() => client.destroy());
  await once(client, "remoteSettings");
  return client;
}

/** The end of a session, with or without an error. */
export async function closed(client: http2.ClientHttp2Session): Promise<void> {
  if (!client.destroyed) await new Promise<void>((resolve) => client.once("close", resolve));
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  trailers: Record<string, string | string[] | undefined>;
  body: string;
}

/** What a request on a raw HTTP/2 stream is answered, whether or not its own body has ended. */
export async function answerOf(stream: http2.ClientHttp2Stream): Promise<Answer> {
  const answer: Answer = { status: 0, headers: {}, trailers: {}, body: "" };
  stream.on("error", () => {});
  stream.on("response", (headers) => {
    answer.status = Number(headers[":status"]);
    answer.headers = headers;
  });
  stream.on("trailers", (headers) => {
    answer.trailers = headers;
  });
  stream.on("data", (chunk: Buffer) => {
    answer.body += chunk.toString("latin1");
  });
  await new Promise<void>((resolve) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
  });
  return answer;
}

/** One HTTP/1.1 request on its own connection; `write` may leave the body unfinished. */
export function request(
  url: string,
  options: http.RequestOptions,
  write: (outgoing: http.ClientRequest) => void = (outgoing) => outgoing.end(),
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request(url, { agent: false, ...options }, (incoming) => {
      let body = "";
      incoming.on("data", (chunk: Buffer) => {
        body += chunk.toString("latin1");
      });
      incoming.on("end", () => {
        const { headers, trailers, statusCode = 0 } = incoming;
        resolve({ status: statusCode, headers, trailers, body });
      });
      incoming.on("error", reject);
    });
    outgoing.on("error", reject);
    onTestFinished(() => {
      outgoing.destroy();
    });
    write(outgoing);
  });
}

/** POSTs a JSON body on HTTP/1.1. */
export const postJson = (url: string, body: string, headers: Record<string, string> = {}): Promise<Answer> =>
  request(url, { method: "POST", headers: { "content-type": "application/json", ...headers } }, (outgoing) =>
    outgoing.end(body),
  );

/** A gRPC frame around a message. */
export function frame(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

export const grpcHeaders = (path: string): http2.OutgoingHttpHeaders => ({
  ":method": "POST",
  ":path": path,
  "content-type": "application/grpc",
  te: "trailers",
});

/** A step that one side of a test reaches and the other awaits. */
export class Step {
  readonly #events = new EventEmitter();
  #reached = false;

  reach = (): void => {
    this.#reached = true;
    this.#events.emit("reached");
  };

  async wait(): Promise<void> {
    if (!this.#reached) await once(this.#events, "reached");
  }
}

/** A handler that echoes once the test lets it. */
export function heldWrite() {
  const [started, finish] = [new Step(), new Step()];
  const write: ServiceImpl<typeof TestService>["write"] = async (message) => {
    started.reach();
    await finish.wait();
    return message;
  };
  return { started, finish, write };
}

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
