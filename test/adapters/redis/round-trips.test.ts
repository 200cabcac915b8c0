// What calls cost in commands, counted by a Redis that nobody else uses.

import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type RedisProcess, startRedis } from "../../../scripts/stores/redis.ts";
import { memoryDurable } from "../../../src/adapters/memory/durable.ts";
import { openRedis, type RedisStores } from "../../../src/adapters/redis/open.ts";
import { CONTROL } from "../../../src/consistency/generation-document.ts";
import { TASK_EVENTS, TASKS } from "../../../src/domain/tasks/collections.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import { describeWithTools } from "../../support/real-stores.ts";
import { until } from "../../support/until.ts";
import { creation, named, openTasks, update } from "../../unit/tasks/support.ts";

const CALLS = 20;
/** Long, so that a machine that stands still for a moment costs no call its answer, and a second one. */
const LEASE_MS = 20_000;
const END = "the end of what is counted";
/** A key as entries have it: prefix, generation, object. */
const ENTRY = /"t:\d+:\{/;

describeWithTools("on Redis", ["redis-server"], () => {
  let server: RedisProcess;
  let stores: RedisStores;
  let admin: Awaited<ReturnType<typeof connect>>;
  const connect = () => createClient({ url: server.url }).connect();
  beforeAll(async () => {
    server = await startRedis();
    admin = await connect();
  });
  beforeEach(async () => {
    await admin.flushAll();
    stores = await openRedis({ url: server.url, prefix: "t", timeoutMs: 5_000 });
  });
  afterEach(() => stores.close());
  afterAll(async () => {
    admin?.destroy();
    await server?.stop();
  });

  /** The commands on entries that `work` sent, with what scripts call inside the server left out. */
  const sentBy = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    const seen: string[] = [];
    const monitor = await connect();
    await monitor.monitor((line) => seen.push(String(line)));
    await work();
    // What the server saw before this is told before it.
    await admin.echo(END);
    await until(
      async () => seen,
      (lines) => lines.some((line) => line.includes(END)),
    );
    monitor.destroy();
    const sent = seen.filter((line) => ENTRY.test(line) && !/\[\d+ lua\]/.test(line));
    return sent.map((line) => /\] "(\w+)"/.exec(line)?.[1]?.toUpperCase() ?? line);
  };

  /** A durable store that counts the reads and updates of tasks. */
  const counting = () => {
    const durable = memoryDurable([TASKS, TASK_EVENTS, CONTROL]);
    const counts = { reads: 0, updates: 0 };
    const counted: DurableStore = {
      ...durable,
      get: (collection, ...rest) => {
        if (collection === TASKS.name) counts.reads++;
        return durable.get(collection, ...rest);
      },
      update: (change, ...rest) => {
        if (change.collection === TASKS.name) counts.updates++;
        return durable.update(change, ...rest);
      },
    };
    return { counted, counts };
  };

  it("a FAST read of a task is one command that reads, and nothing of the durable store", async () => {
    const { counted, counts } = counting();
    const { tasks } = await openTasks({ stores: { durable: counted, hot: stores.hot }, leaseMs: LEASE_MS });
    await tasks.create(creation());
    await tasks.get(named());
    counts.reads = 0;
    const sent = await sentBy(async () => {
      for (let n = 0; n < CALLS; n++) await tasks.get(named());
    });
    expect(sent).toEqual(Array.from({ length: CALLS }, () => "HGET"));
    expect(counts.reads).toBe(0);
  });

  it("an update whose filter decides is one conditional write, read nowhere before, and one script", async () => {
    const { counted, counts } = counting();
    const { tasks } = await openTasks({ stores: { durable: counted, hot: stores.hot }, leaseMs: LEASE_MS });
    await tasks.create(creation({ taskId: "t2" }));
    Object.assign(counts, { reads: 0, updates: 0 });
    const sent = await sentBy(async () => {
      for (let n = 0; n < CALLS; n++)
        await tasks.update(update({ taskId: "t2", state: "PROCESSING", data: { n } }));
    });
    expect(counts).toEqual({ reads: 0, updates: CALLS });
    expect(sent).toEqual(Array.from({ length: CALLS }, () => "EVALSHA"));
  });

  it("calls of one turn of the event loop go out together", async () => {
    const readsOfServer = async () =>
      Number(/total_reads_processed:(\d+)/.exec(await admin.info("stats"))?.[1]);
    const slot = { generation: 1, key: "task/x/y" };
    const before = await readsOfServer();
    await Promise.all(Array.from({ length: 500 }, () => stores.hot.peek(slot, 0)));
    // What the connection asks by itself and this very question are among them.
    expect((await readsOfServer()) - before).toBeLessThan(50);
  });

  it("an entry is one GET, and its storing one script", async () => {
    const name = { namespace: "default", key: "k" };
    const entry = { value: { kind: "text", text: "v" }, lifetime: 60_000, etag: "e" } as const;
    expect(await sentBy(() => stores.cache.set(1, name, entry, { kind: "always" }))).toEqual(["EVALSHA"]);
    expect(await sentBy(() => stores.cache.get(1, name))).toEqual(["GET"]);
  });
});
