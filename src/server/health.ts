import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import type { FastifyInstance } from "fastify";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/health/v1/health_pb.ts";
import { observeCalls } from "../rpc/interceptors/observe.ts";
import type { Readiness } from "./readiness.ts";

/**
 * grpc.health.v1.Health over one readiness: the server as a whole ("") and each service are ready together.
 */
export function addHealth(
  router: ConnectRouter,
  readiness: Readiness,
  serviceNames: readonly string[],
): void {
  const known = new Set(["", ...serviceNames]);
  const status = () => (readiness.state.ready ? Status.SERVING : Status.NOT_SERVING);
  router.service(
    Health,
    {
      check: ({ service }) => {
        if (!known.has(service)) throw new ConnectError(`unknown service ${service}`, Code.NotFound);
        return { status: status() };
      },
      list: () => ({
        statuses: Object.fromEntries([...known].map((name) => [name, { status: status() }])),
      }),
      // The protocol wants an unknown service watched, not refused: it might appear later. Here none does.
      watch: ({ service }, { signal }) =>
        statusChanges(readiness, () => (known.has(service) ? status() : Status.SERVICE_UNKNOWN), signal),
    },
    // Health must answer while the application's other interceptors would refuse.
    { interceptors: [observeCalls] },
  );
}

async function* statusChanges(
  readiness: Readiness,
  status: () => Status,
  signal: AbortSignal,
): AsyncGenerator<{ status: Status }> {
  let wake = (): void => {};
  const unsubscribe = readiness.subscribe(() => wake());
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  try {
    let told: Status | undefined;
    for (;;) {
      signal.throwIfAborted();
      // Made before the status is read, so that a change while the peer takes a message is not missed.
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const now = status();
      if (now !== told) yield { status: now };
      told = now;
      await changed;
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", onAbort);
  }
}

/** /livez says that the process answers; /readyz says whether it wants traffic, and why not. */
export function addProbes(app: FastifyInstance, readiness: Readiness): void {
  app.get("/livez", (_request, reply) => reply.send({ status: "ok" }));
  app.get("/readyz", (_request, reply) => {
    const { ready, reason } = readiness.state;
    return ready ? reply.send({ status: "ready" }) : reply.code(503).send({ status: "not ready", reason });
  });
}
