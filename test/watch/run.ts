// Watchers that are cut off again and again while others write, and what they must have been told in the end.
import { setTimeout as delay } from "node:timers/promises";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { allEvents, revisionsOf } from "../fault/final-state.ts";
import type { Instance } from "../fault/instance.ts";
import { type Clients, connect, type Protocol } from "../protocol/transports.ts";
import { checkHistory } from "../support/history/check.ts";
import type { Revision, Violation, Watch } from "../support/history/operation.ts";
import { Follower } from "./follower.ts";
import { inWorld, type Setup, type World } from "./world.ts";
import { Writer } from "./writer.ts";

export interface RunOptions {
  readonly setup: Setup;
  readonly updates: number;
  readonly cuts: number;
  /** Told now and then how far it is. */
  readonly progress?: (text: string) => void;
}

export type CutKind = "client" | "connection" | "instance" | "redis";

export interface Report {
  readonly violations: readonly Violation[];
  readonly revisions: number;
  /** What the writers know they made. */
  readonly written: number;
  readonly cuts: Readonly<Record<CutKind, number>>;
  readonly followers: readonly {
    readonly name: string;
    readonly cuts: number;
    readonly told: number;
    readonly reasons: ReadonlyMap<string, number>;
  }[];
  readonly seconds: number;
}

const KIND = "watched";
const GROUP = "g";
const WRITERS = 2;
const TASKS_EACH = 8;
const BATCH = 16;
const PROTOCOLS: readonly Protocol[] = ["gRPC", "Connect binary on HTTP/2", "gRPC-Web"];
const LOOK_MS = 10;

/** Every tenth takes Redis, where there is one; of the others every fourth an instance, by kill -9. */
export function kindOf(cut: number, setup: Setup): CutKind {
  if (setup === "shared" && cut % 10 === 5) return "redis";
  if (cut % 4 === 2) return "instance";
  return cut % 2 === 0 ? "client" : "connection";
}

export function run(options: RunOptions): Promise<Report> {
  return inWorld(options.setup, (world) => runIn(world, options));
}

async function runIn(
  world: World,
  { setup, updates, cuts, progress = () => {} }: RunOptions,
): Promise<Report> {
  const began = performance.now();
  // All followers are at one instance, and go to the next when they are cut off; the writers are at any that is up.
  let at = 0;
  const here = () => world.posts[at % world.posts.length] ?? missing();
  const up = () => world.posts.map(({ instance }) => instance).filter((one) => one !== away);
  let away: Instance | undefined;
  let turn = 0;
  const anyUp = () => up()[turn++ % Math.max(up().length, 1)] ?? here().instance;

  const made = () => writers.reduce((sum, { done }) => sum + done, 0);
  let allowed = 0;
  const writers = Array.from({ length: WRITERS }, (_, writer) => {
    const taskIds = Array.from({ length: TASKS_EACH }, (_unused, task) => `w${writer}-${task}`);
    const pace = async (done: number) => {
      while (done * WRITERS >= allowed) await delay(LOOK_MS);
    };
    const share = { updates: Math.ceil(updates / WRITERS), batch: BATCH, allowed: pace };
    return new Writer(`w${writer}`, { kind: KIND, group: GROUP, taskIds, instance: anyUp, ...share });
  });
  await Promise.all(writers.map((writer) => writer.create()));

  const questions = [
    { name: "group", question: { group: GROUP } },
    { name: "kind", question: { kind: KIND } },
    { name: "fast task", question: { kind: KIND, taskId: "w0-0" } },
    { name: "other fast task", question: { kind: KIND, taskId: "w1-0" } },
  ];
  const followers = questions.map(({ name, question }, index) => {
    let clients: Clients | undefined;
    const protocol = PROTOCOLS[index % PROTOCOLS.length] ?? "gRPC";
    const reconnect = () => {
      clients?.close();
      clients = connect(protocol, `http://127.0.0.1:${here().proxy.port}`);
      return clients.tasks;
    };
    return {
      follower: new Follower({ name, question, connect: reconnect }),
      close: () => clients?.close(),
      taskIds: "taskId" in question ? [String(question.taskId)] : undefined,
    };
  });
  await Promise.all(followers.map(({ follower }) => follower.caughtUp()));

  const counts: Record<CutKind, number> = { client: 0, connection: 0, instance: 0, redis: 0 };
  const writing = Promise.all(writers.map((writer) => writer.run()));
  const created = made();
  for (let cut = 1; cut <= cuts; cut++) {
    // Each cut comes in the middle of its share of the updates.
    allowed = Math.ceil((updates * cut) / cuts);
    const middle = created + Math.ceil((updates * (cut - 0.5)) / cuts);
    while (made() < middle || !followers.every(({ follower }) => follower.reading)) await delay(LOOK_MS);
    const kind = kindOf(cut, setup);
    const post = here();
    if (kind !== "redis") at++;
    if (kind === "client") for (const { follower } of followers) follower.cut();
    if (kind === "connection") {
      post.proxy.set({ kind: "reset" });
      post.proxy.heal();
    }
    if (kind === "instance") {
      away = post.instance;
      await post.instance.kill();
      await post.instance.restart();
      away = undefined;
    }
    if (kind === "redis") {
      const more = () => {
        allowed = Math.max(allowed, made() - created + 2 * WRITERS * BATCH);
      };
      await loseRedis(world, made, more);
    }
    counts[kind]++;
    progress(`${cut}/${cuts} cuts, the last of ${kind}; ${made() - created}/${updates} updates`);
  }
  allowed = Number.POSITIVE_INFINITY;
  await writing;
  await Promise.all(followers.map(({ follower }) => follower.finish()));
  for (const { close } of followers) close();

  const final = new Map<string, readonly Revision[]>();
  const taskIds = writers.flatMap((_, writer) =>
    Array.from({ length: TASKS_EACH }, (_u, task) => `w${writer}-${task}`),
  );
  for (const taskId of taskIds) {
    final.set(taskId, revisionsOf(await allEvents(here().instance, KIND, taskId)));
  }
  const watches = followers.flatMap(({ follower, taskIds: own }) => follower.watches(own ?? taskIds));
  return {
    violations: [...checkHistory({ operations: [], final, watches }), ...watches.flatMap(checkTwice)],
    revisions: [...final.values()].reduce((sum, { length }) => sum + length, 0),
    written: made(),
    cuts: counts,
    followers: followers.map(({ follower: { name, cuts: ends, told, reasons } }) => ({
      name,
      cuts: ends,
      told,
      reasons,
    })),
    seconds: (performance.now() - began) / 1000,
  };
}

/** A watch of one task tells no revision twice, however often it is resumed. */
function checkTwice({ client, key, events, whole }: Watch): readonly Violation[] {
  return events.flatMap(({ revision }, at) => {
    if (!whole || revision !== events[at - 1]?.revision) return [];
    return { invariant: "T10", name: "watch_twice", key, message: `${client} was told of ${revision} twice` };
  });
}

/** Killed, and back empty after some were written without it; resolves when it is in use again. */
async function loseRedis({ posts, redis }: World, made: () => number, allowMore: () => void): Promise<void> {
  if (redis === undefined) throw new Error("there is no Redis to lose");
  await redis.kill();
  const before = made();
  allowMore();
  while (made() === before) await delay(LOOK_MS);
  await redis.restart();
  for (const { instance } of posts) {
    for (;;) {
      const status = await instance.status.getStatus({}, { timeoutMs: 2_000 }).catch(() => undefined);
      if (status?.mode === Mode.NORMAL) break;
      await delay(LOOK_MS * 10);
    }
  }
}

function missing(): never {
  throw new Error("there is no instance");
}
