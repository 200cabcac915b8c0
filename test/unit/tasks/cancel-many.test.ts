import { describe, expect, it } from "vitest";
import type { CancelManyInput } from "../../../src/domain/tasks/cancel-many.ts";
import { unavailable } from "../../../src/errors.ts";
import { badFields, bound, creation, failure, named, openTasks, put, update } from "./support.ts";

const all = (more: Partial<CancelManyInput> = {}): CancelManyInput => ({
  kind: "import",
  group: "",
  states: [],
  createdAfter: undefined,
  createdBefore: undefined,
  updatedAfter: undefined,
  updatedBefore: undefined,
  message: "",
  validateOnly: false,
  requestId: "",
  ...more,
});

describe("cancel by filter", () => {
  it("takes everything that matches, however many pages it has, and nothing else", async () => {
    const { tasks, clock } = await openTasks();
    for (let at = 0; at < 100; at++) {
      clock.time += at % 3;
      await tasks.create(creation({ taskId: `t${at}`, group: at < 90 ? "g" : "h" }));
    }
    expect(await tasks.cancelMany(all({ group: "g", validateOnly: true }))).toBe(90);
    expect((await tasks.get(named())).task.state).toBe("PENDING");
    expect(await tasks.cancelMany(all({ group: "g" }))).toBe(90);
    const { counts } = await tasks.count(all());
    expect(counts.find(({ state }) => state === "CANCELLED")?.count).toBe(90);
    expect(await tasks.cancelMany(all())).toBe(10);
  });

  it("does not count a task that ended or went meanwhile", async () => {
    const { tasks } = await openTasks({
      intercept: (objects) => ({
        ...bound(objects),
        mutate: async (key, request, mutation, signal) => {
          const { method } = request.body as { method: string };
          if (method === "CancelTask" && key === "import/t1") {
            await tasks.update(update({ state: "COMPLETED" }));
          }
          if (method === "CancelTask" && key === "import/t2") {
            await tasks.delete({ kind: "import", taskId: "t2", requestId: "", etag: "" });
          }
          return objects.mutate(key, request, mutation, signal);
        },
      }),
    });
    for (const taskId of ["t1", "t2", "t3"]) await tasks.create(creation({ taskId }));
    expect(await tasks.cancelMany(all())).toBe(1);
    expect((await tasks.get(named())).task.state).toBe("COMPLETED");
  });

  it("does not cancel again, by the same request_id, what was put back to work", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    expect(await tasks.cancelMany(all({ requestId: "r" }))).toBe(1);
    await tasks.put(put({ state: "PROCESSING" }));
    expect(await tasks.cancelMany(all({ requestId: "r" }))).toBe(0);
    expect((await tasks.get(named())).task.state).toBe("PROCESSING");
  });

  it("says that what failed half way may have cancelled some", async () => {
    const { tasks } = await openTasks({
      intercept: (objects) => ({
        ...bound(objects),
        mutate: (key, request, mutation, signal) => {
          const { method } = request.body as { method: string };
          const fails = method === "CancelTask" && key === "import/t1";
          return fails
            ? Promise.reject(unavailable("durable"))
            : objects.mutate(key, request, mutation, signal);
        },
      }),
    });
    await tasks.create(creation());
    expect(await failure(tasks.cancelMany(all()))).toMatchObject({ kind: "unavailable", applied: "no" });
    await tasks.create(creation({ taskId: "t2" }));
    expect(await failure(tasks.cancelMany(all()))).toMatchObject({ kind: "unavailable", applied: "unknown" });
  });

  it("names every bad field", async () => {
    const { tasks } = await openTasks();
    const bad = all({ kind: "", states: ["PENDING", "FAILED"], message: "\0", requestId: "\n" });
    expect(await badFields(tasks.cancelMany(bad))).toEqual(["kind", "states[1]", "message", "request_id"]);
  });
});
