// The client on a service that answers as a test says, with time that passes at once.
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { createDbconn } from "../../clients/typescript/src/index.ts";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";

/** As the service tells a failure. */
export function failure(
  code: Code,
  reason: string,
  { applied, retryMs, revision }: { applied?: string; retryMs?: number; revision?: string } = {},
): ConnectError {
  const metadata = {
    ...(applied === undefined ? {} : { applied }),
    ...(revision === undefined ? {} : { revision }),
  };
  return new ConnectError(reason, code, undefined, [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, metadata, domain: "dbconn" }) },
    ...(retryMs === undefined
      ? []
      : [{ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: durationFromMs(retryMs) }) }]),
  ]);
}

/** As a connection that broke does, or a proxy: nobody says whether anything happened. */
export const broken = () => new ConnectError("the connection broke", Code.Unavailable);

export function clientOf(handlers: {
  readonly tasks?: Partial<ServiceImpl<typeof TaskService>>;
  readonly cache?: Partial<ServiceImpl<typeof CacheService>>;
}) {
  let time = 0;
  const pauses: number[] = [];
  const transport = createRouterTransport((router) => {
    router.service(TaskService, handlers.tasks ?? {}).service(CacheService, handlers.cache ?? {});
  });
  const client = createDbconn(transport, {
    timeoutMs: 5_000,
    pauses: {
      now: () => time,
      random: () => 1,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        pauses.push(ms);
        time += ms;
      },
    },
  });
  return { ...client, pauses };
}

/** One after another for each call; the last one stays. */
export function script<Step>(...steps: readonly Step[]): () => Step {
  let at = 0;
  return () => {
    const step = steps[Math.min(at++, steps.length - 1)];
    if (step === undefined) throw new Error("a script has a step");
    return step;
  };
}
