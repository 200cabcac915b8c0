// What the browser runs: the service as an application's page would use it, over each protocol that browsers have.
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService, TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { value } from "./values.ts";

/** JSON, since it leaves the page. */
export interface Driven {
  readonly data: unknown;
  readonly read: unknown;
  readonly release: number;
  readonly valid: readonly boolean[];
  readonly text: unknown;
  readonly mode: number;
  readonly failure: { readonly code: string; readonly reason: unknown; readonly fields: readonly string[] };
}

const transports: Record<string, (baseUrl: string) => Transport> = {
  "Connect JSON": (baseUrl) => createConnectTransport({ baseUrl }),
  "Connect JSON with GET": (baseUrl) => createConnectTransport({ baseUrl, useHttpGet: true }),
  "Connect binary": (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: true }),
  "gRPC-Web": (baseUrl) => createGrpcWebTransport({ baseUrl }),
};

async function drive(baseUrl: string, protocol: string): Promise<Driven> {
  const transport = transports[protocol]?.(baseUrl);
  if (transport === undefined) throw new Error(`no such protocol: ${protocol}`);
  const tasks = createClient(TaskService, transport);
  const schemas = createClient(SchemaService, transport);
  const cache = createClient(CacheService, transport);
  const name = { kind: "browser", taskId: protocol.replaceAll(" ", "-") };

  await tasks.createTask({ ...name, data: { rows: 10 } });
  const { task } = await tasks.updateTask({ ...name, state: TaskState.PROCESSING, data: { done: 3 } });
  const read = await tasks.getTask(name);
  const document = value({ type: "object", required: ["email"] });
  const { release } = await schemas.publishRelease({ name: name.taskId, document });
  const judged = await schemas.validateDocuments({
    name: name.taskId,
    documents: [value({ email: "a" }), value({})],
  });
  await cache.setEntry({ key: protocol, value: { case: "text", value: "Ada" } });
  const { entry } = await cache.getEntry({ key: protocol });
  const { mode } = await createClient(StatusService, transport).getStatus({});
  const error = ConnectError.from(await tasks.createTask({ kind: "-" }).catch((thrown: unknown) => thrown));
  return {
    data: task?.data,
    read: read.task?.data,
    release: release?.release ?? 0,
    valid: judged.results.map(({ valid }) => valid),
    text: entry?.value.value,
    mode,
    failure: {
      code: Code[error.code] ?? "",
      reason: error.findDetails(ErrorInfoSchema)[0]?.reason,
      fields: error
        .findDetails(BadRequestSchema)
        .flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field)),
    },
  };
}

Object.assign(globalThis, { drive, protocols: Object.keys(transports) });
