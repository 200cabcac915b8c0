/** The client for Node: gRPC over HTTP/2. */
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { createDbconn, type Dbconn, type DbconnOptions } from "./index.ts";
import { authorize, type Token } from "./token.ts";

export * from "./index.ts";

export interface NodeOptions extends DbconnOptions {
  /** Such as `http://127.0.0.1:50050`, or `https://...`. */
  readonly url: string;
  readonly token?: Token;
  /** Of `node:http2`'s connect: `ca`, `cert` and `key` for TLS. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface NodeDbconn extends Dbconn {
  /** Ends the connection; calls that are under way fail. */
  close(): void;
}

/** So that a connection that is dead and does not say so is noticed. */
const PING_MS = 15_000;

export function connectNode({ url, token, tls = {}, ...options }: NodeOptions): NodeDbconn {
  const sessionManager = new Http2SessionManager(url, { pingIntervalMs: PING_MS }, tls);
  const transport = createGrpcTransport({ baseUrl: url, sessionManager, interceptors: authorize(token) });
  return { ...createDbconn(transport, options), close: () => sessionManager.abort() };
}
