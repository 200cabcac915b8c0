import { create, fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import { createMethodSerializationLookup } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { GetTaskResponseSchema, TaskSchema, TaskService } from "../../../gen/dbconn/v1/task_pb.ts";
import type { Task } from "../../../src/domain/tasks/task.ts";
import { provenance } from "../../../src/rpc/convert.ts";
import { withKeptEncodings } from "../../../src/rpc/kept-encodings.ts";
import { keptTaskMessage, taskMessage } from "../../../src/rpc/task-messages.ts";

const limits = { readMaxBytes: 1e6, writeMaxBytes: 1e6, compressMinBytes: 0 };
const lookup = createMethodSerializationLookup(TaskService.method.getTask, undefined, {}, limits);
const kept = withKeptEncodings(GetTaskResponseSchema, lookup);

const TASK: Task = {
  ...{
    kind: "import",
    taskId: "t-1",
    group: "g",
    state: "PROCESSING",
    status: "half",
    code: -3,
    message: "ä",
  },
  data: { a: [1, null, { b: "x".repeat(300) }] },
  progress: 0.5,
  ...{ createTime: 1_700_000_000_123, updateTime: -1, hotTtlMs: 1_500, purgeTime: undefined },
  ...{ revision: 2 ** 40, etag: "e" },
};
const FROM = provenance({ source: "hot", degraded: false, asOf: 1_700_000_000_999, hotExpireTime: 0 });

function answer() {
  return create(GetTaskResponseSchema, { task: keptTaskMessage(TASK), provenance: FROM });
}

describe("an answer with a kept encoding", () => {
  it("says in binary what it says without", () => {
    const bytes = [1, 2].map(() => kept.getO(true).serialize(answer()));
    const plain = create(GetTaskResponseSchema, { task: taskMessage(TASK), provenance: FROM });
    for (const each of bytes) {
      const read = fromBinary(GetTaskResponseSchema, each);
      expect(read).toEqual(fromBinary(GetTaskResponseSchema, toBinary(GetTaskResponseSchema, plain)));
    }
    expect(bytes.length).toBe(2);
  });

  it("is the same message in JSON and for whoever looks at it", () => {
    const json = JSON.parse(new TextDecoder().decode(kept.getO(false).serialize(answer())));
    expect(fromJson(GetTaskResponseSchema, json)).toEqual(answer());
    expect(answer().task).toEqual(create(TaskSchema, taskMessage(TASK)));
  });

  it("is bounded like any other", () => {
    const narrow = createMethodSerializationLookup(
      TaskService.method.getTask,
      undefined,
      {},
      {
        ...limits,
        writeMaxBytes: 100,
      },
    );
    const encode = withKeptEncodings(GetTaskResponseSchema, narrow).getO(true).serialize;
    expect(() => encode(answer())).toThrow("is larger than configured");
  });
});
