import type { DescService } from "@bufbuild/protobuf";
import {
  type Client,
  ConnectError,
  createClient,
  createRouterTransport,
  type ServiceImpl,
} from "@connectrpc/connect";
import { errorInterceptor } from "../../../src/rpc/interceptors/errors.ts";

export interface Logged {
  readonly err: unknown;
  readonly method: string;
}

/** A client of the service as the port serves it: over the wire format, behind the interceptor. */
export function clientOf<S extends DescService>(
  service: S,
  implementation: Partial<ServiceImpl<S>>,
): { readonly client: Client<S>; readonly logged: readonly Logged[] } {
  const logged: Logged[] = [];
  const interceptors = [errorInterceptor({ error: (fields) => logged.push(fields) })];
  const transport = createRouterTransport((router) => router.service(service, implementation), {
    router: { interceptors },
    transport: { useBinaryFormat: true },
  });
  return { client: createClient(service, transport), logged };
}

/** The error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
  throw new Error("the call was to fail");
}
