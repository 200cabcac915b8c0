/** The client for browsers: Connect over fetch. */
import { createConnectTransport } from "@connectrpc/connect-web";
import { createDbconn, type Dbconn, type DbconnOptions } from "./index.ts";
import { authorize, type Token } from "./token.ts";

export * from "./index.ts";

export interface WebOptions extends DbconnOptions {
  /** Such as `https://tasks.example.com`. Default: where the page came from. */
  readonly url?: string;
  readonly token?: Token;
}

export function connectWeb({ url = globalThis.location.origin, token, ...options }: WebOptions = {}): Dbconn {
  const transport = createConnectTransport({
    baseUrl: url,
    useBinaryFormat: true,
    interceptors: authorize(token),
  });
  return createDbconn(transport, options);
}
