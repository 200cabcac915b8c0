import { describe, expect, it } from "vitest";
import { badFields, cancellation, creation, deletion, named, openTasks, put, update } from "./support.ts";

describe("bad input", () => {
  it("is named field by field, all at once, before any store is asked", async () => {
    const refuse = () => Promise.reject(new Error("a store was asked"));
    const { tasks } = await openTasks({
      intercept: () => ({
        read: refuse,
        readMany: refuse,
        mutate: refuse,
        transform: refuse,
        history: refuse,
      }),
    });
    const bad = {
      kind: "_",
      taskId: "a/b",
      requestId: "x".repeat(129),
      group: " ",
      status: "s".repeat(129),
      code: 1.5,
      message: "\u0000",
      data: { a: "\ud800" },
      progress: Number.NaN,
    };
    const content = ["group", "status", "code", "message", "data", "progress"];
    expect(await badFields(tasks.create(creation(bad)))).toEqual([
      "kind",
      "task_id",
      ...content,
      "request_id",
    ]);
    const all = ["kind", "task_id", ...content, "request_id", "etag"];
    expect(await badFields(tasks.put(put({ ...bad, etag: "?" })))).toEqual(all);
    expect(await badFields(tasks.update(update({ ...bad, etag: "?" })))).toEqual(all);
    const { kind, taskId, requestId, message } = bad;
    expect(
      await badFields(tasks.cancel(cancellation({ kind, taskId, requestId, message, etag: "?" }))),
    ).toEqual(["kind", "task_id", "message", "request_id", "etag"]);
    expect(await badFields(tasks.delete(deletion({ kind, taskId, requestId, etag: "?" })))).toEqual([
      "kind",
      "task_id",
      "request_id",
      "etag",
    ]);
  });

  it.each([
    ["a progress below 0", { progress: -0.1 }, "progress"],
    ["a progress above 1", { progress: 1.1 }, "progress"],
    ["an infinite progress", { progress: Number.POSITIVE_INFINITY }, "progress"],
    ["a code beyond 32 bits", { code: 2 ** 31 }, "code"],
    ["a code below 32 bits", { code: -(2 ** 31) - 1 }, "code"],
    ["a message of 4097 characters", { message: "m".repeat(4_097) }, "message"],
    ["a number that is none", { data: { a: Number.NaN } }, "data"],
    ["data of more than 256 KiB", { data: { a: "x".repeat(256 * 1024) } }, "data"],
    ["data of 31 levels", { data: nested(31) }, "data"],
  ])("%s is refused", async (_, content, field) => {
    const { tasks } = await openTasks();
    expect(await badFields(tasks.create(creation(content)))).toEqual([field]);
    await tasks.create(creation());
    expect(await badFields(tasks.update(update(content)))).toEqual([field]);
    expect((await tasks.get(named())).task.revision).toBe(1);
  });

  it("at the limits is taken", async () => {
    const { tasks } = await openTasks();
    const limits = {
      progress: 1,
      code: -(2 ** 31),
      message: "😀".repeat(4_096),
      status: "s".repeat(128),
      data: nested(30),
    };
    expect((await tasks.create(creation(limits))).task).toMatchObject(limits);
    const data = { a: "x".repeat(256 * 1024 - '{"a":""}'.length) };
    expect((await tasks.update(update({ data, replaceData: true, code: 2 ** 31 - 1 }))).task).toMatchObject({
      data,
    });
  });

  it.each([
    ["no base64url", "%%%"],
    ["of another form", Buffer.from("hello").toString("base64url")],
    ["of revision 0", Buffer.from("0.id1").toString("base64url")],
    ["of an unsafe revision", Buffer.from("9999999999999999.id1").toString("base64url")],
    ["with something behind it", `${Buffer.from("1.id1").toString("base64url")}==`],
  ])("an etag %s names the field", async (_, etag) => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    expect(await badFields(tasks.update(update({ code: 1, etag })))).toEqual(["etag"]);
  });
});

function nested(levels: number): Record<string, never> {
  let value = {};
  for (let level = 1; level < levels; level++) value = { n: value };
  return value;
}
