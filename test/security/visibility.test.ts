import { writeFileSync } from "node:fs";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WatchEventType, type WatchTasksResponse } from "../../gen/dbconn/v1/task_pb.ts";
import { failure } from "../protocol/transports.ts";
import { Access, type Caller } from "./access.ts";

const access = new Access();
const root = access.token("root", "task:admin", "schema:admin", "cache:admin", "status:admin");
const some = access.token(
  "some",
  ...[
    "task:write:a",
    "task:write:b-*",
    "schema:write:a",
    "schema:write:b-*",
    "cache:read:a",
    "cache:write:legacy",
  ],
);
const passing = access.token("passing", "task:read:a");
let all: Caller;
let mine: Caller;

const KINDS = ["a", "ab", "b", "b-1", "b-2", "c"];
const VISIBLE = ["a", "b-1", "b-2"];

beforeAll(async () => {
  await access.start();
  all = access.as(root);
  mine = access.as(some);
  for (const kind of KINDS) {
    await all.tasks.createTask({ kind, taskId: "1", group: "g" });
    await all.tasks.createTask({ kind, taskId: "2", group: "g" });
    await all.schemas.publishRelease({ name: kind, document: { kind: { case: "boolValue", value: true } } });
    await all.cache.setEntry({ namespace: kind, key: "k", value: { case: "text", value: "v" } });
  }
});
afterAll(() => access.close());

/** Every page of a list, one item a page, so that what is not shown does not end it. */
async function pages<T>(
  read: (pageToken: string) => Promise<{ nextPageToken: string; items: readonly T[] }>,
) {
  const items: T[] = [];
  let pageToken = "";
  do {
    const page = await read(pageToken);
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return items;
}

const kindsListed = (by: Caller, pageSize: number) =>
  pages(async (pageToken) => {
    const page = await by.tasks.listTasks({ group: "g", pageSize, pageToken });
    return {
      nextPageToken: page.nextPageToken,
      items: page.tasks.map(({ kind, taskId }) => `${kind}/${taskId}`),
    };
  });

describe("a caller with a scope for some names", () => {
  it("is shown the tasks of those kinds, in the same order, on pages of any size", async () => {
    const expected = (await kindsListed(all, 100)).filter((name) =>
      VISIBLE.includes(name.split("/")[0] ?? ""),
    );
    expect(expected).toHaveLength(6);
    for (const size of [1, 2, 100]) expect(await kindsListed(mine, size)).toEqual(expected);
  });

  it("counts those tasks only", async () => {
    expect((await all.tasks.countTasks({ group: "g" })).total).toBe(12n);
    expect((await mine.tasks.countTasks({ group: "g" })).total).toBe(6n);
  });

  it("is told that another kind is not for it, whether there is such a task or not", async () => {
    for (const taskId of ["1", "absent"]) {
      const error = await failure(mine.tasks.getTask({ kind: "c", taskId }));
      expect(error.code).toBe(Code.PermissionDenied);
      expect(error.rawMessage).not.toMatch(/\bc\b/);
    }
    expect((await failure(mine.tasks.listTasks({ kind: "c" }))).code).toBe(Code.PermissionDenied);
    const names = [
      { kind: "a", taskId: "1" },
      { kind: "c", taskId: "1" },
    ];
    expect((await failure(mine.tasks.batchGetTasks({ names }))).code).toBe(Code.PermissionDenied);
  });

  it("cannot take another's page token for a way in", async () => {
    const { nextPageToken: pageToken } = await all.tasks.listTasks({ group: "g", pageSize: 1 });
    const { tasks } = await mine.tasks.listTasks({ group: "g", pageSize: 100, pageToken });
    expect(tasks.filter(({ kind }) => !VISIBLE.includes(kind))).toEqual([]);
  });

  it("watches those tasks only, in the snapshot and after it", async () => {
    const end = new AbortController();
    const seen: string[] = [];
    const stream = mine.tasks.watchTasks({ group: "g" }, { signal: end.signal })[Symbol.asyncIterator]();
    const next = async (): Promise<WatchTasksResponse> => (await stream.next()).value;
    for (let item = await next(); item.type !== WatchEventType.HEARTBEAT; item = await next()) {
      seen.push(item.task?.kind ?? "");
    }
    expect([...seen].sort()).toEqual(["a", "a", "b-1", "b-1", "b-2", "b-2"]);
    await all.tasks.updateTask({ kind: "c", taskId: "1", message: "not for everybody" });
    await all.tasks.updateTask({ kind: "b-2", taskId: "1", message: "seen" });
    let item = await next();
    while (item.type === WatchEventType.HEARTBEAT) item = await next();
    expect(item.task).toMatchObject({ kind: "b-2", message: "seen" });
    end.abort();
  });

  it("cancels those tasks only", async () => {
    for (const kind of KINDS) await all.tasks.createTask({ kind, taskId: "cancel", group: "cancelled" });
    expect((await mine.tasks.cancelTasks({ group: "cancelled", validateOnly: true })).cancelledCount).toBe(
      3n,
    );
    expect((await mine.tasks.cancelTasks({ group: "cancelled" })).cancelledCount).toBe(3n);
    expect((await all.tasks.cancelTasks({ group: "cancelled" })).cancelledCount).toBe(3n);
  });

  it("is shown the schemas of those names, their number, and exports them only", async () => {
    for (const size of [1, 2, 100]) {
      const names = await pages(async (pageToken) => {
        const page = await mine.schemas.listSchemas({ pageSize: size, pageToken });
        expect(page.totalSize).toBe(3);
        return { nextPageToken: page.nextPageToken, items: page.schemas.map(({ name }) => name) };
      });
      expect(names).toEqual(VISIBLE);
      const exported = await pages(async (pageToken) => {
        const page = await mine.schemas.exportSchemas({ pageSize: size, pageToken });
        return { nextPageToken: page.nextPageToken, items: page.schemas.map(({ schema }) => schema?.name) };
      });
      expect(exported).toEqual(VISIBLE);
    }
    expect((await mine.schemas.listSchemas({ namePrefix: "b" })).schemas.map(({ name }) => name)).toEqual([
      "b-1",
      "b-2",
    ]);
    expect((await mine.schemas.listSchemas({ namePrefix: "c" })).schemas).toEqual([]);
    expect((await mine.legacy.mongoCountAllDocuments({})).amount).toBe(3);
  });

  it("is shown figures of those namespaces only", async () => {
    expect((await all.cache.getCacheStats({})).namespaces.length).toBeGreaterThan(3);
    expect((await mine.cache.getCacheStats({})).namespaces.map(({ namespace }) => namespace)).toEqual(["a"]);
    expect((await failure(mine.cache.listKeys({ namespace: "c" }))).code).toBe(Code.PermissionDenied);
    expect((await failure(mine.cache.clearCache({ allNamespaces: true }))).code).toBe(Code.PermissionDenied);
  });
});

describe("the audit trail", () => {
  it("names the caller that was authenticated, not the one that it claims to be", async () => {
    await mine.schemas.updateSchema({ name: "b-1", description: "new", actor: "token:root" });
    await mine.schemas.importSchemas({
      schemas: (await mine.schemas.exportSchemas({ namePrefix: "a" })).schemas,
      actor: "token:root",
    });
    await mine.legacy.mongoDeleteImportName({ importName: "b-2" });
    const actors = async (name: string) =>
      (await all.schemas.listSchemaEvents({ name })).events.map(({ actor }) => actor);
    expect(await actors("b-1")).toEqual(["token:root", "token:some"]);
    expect((await actors("b-2")).at(-1)).toBe("legacy/token:some");
    expect((await actors("a")).slice(1)).not.toContain("token:root");
  });
});

describe("a token that is revoked while the service runs", () => {
  it("is refused from then on, and ends the streams that it opened", async () => {
    const by = access.as(passing);
    const stream = by.tasks.watchTasks({ kind: "a" })[Symbol.asyncIterator]();
    await stream.next();
    access.revoke("passing");
    const refused = async () => {
      for (;;) {
        const code = await by.tasks.countTasks({ kind: "a" }).then(
          () => undefined,
          (error: unknown) => ConnectError.from(error).code,
        );
        if (code !== undefined) return code;
      }
    };
    expect(await refused()).toBe(Code.Unauthenticated);
    const drained = async () => {
      for (;;) if ((await stream.next()).done === true) return;
    };
    const ended = failure(drained());
    for (let n = 0; n < 3; n++) await all.tasks.updateTask({ kind: "a", taskId: "1", message: `${n}` });
    expect((await ended).code).toBe(Code.Unauthenticated);
  });

  it("stays in force as long as a broken file cannot replace the good one, and the log says so", async () => {
    const { server } = access;
    writeFileSync(access.file, "{");
    const told = () => server.log.some(({ msg }) => msg === "a changed file cannot be used");
    while (!told()) await all.tasks.countTasks({ kind: "a" });
    expect((await all.tasks.countTasks({ kind: "a" })).total).toBe(3n);
    access.write();
  });

  it("never stands in the log, and neither does any other", () => {
    const text = JSON.stringify(access.server.log);
    for (const token of [root, some, passing]) expect(text).not.toContain(token.slice(-43));
  });
});
