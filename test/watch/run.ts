// Watchers that are cut off again and again while others write, and what they must have been told in the end.
import { setTimeout as delay } from "node:timers/promises";
import { allEvents, revisionsOf } from "../fault/final-state.ts";
import { type Clients, connect, type Protocol } from "../protocol/transports.ts";
import { checkHistory } from "../support/history/check.ts";
import type { Revision, Violation, Watch } from "../support/history/operation.ts";
import { type CutKind, kindOf, LOOK_MS, Place } from "./cuts.ts";
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

export interface Report {
  readonly violations: readonly Violation[];
  readonly revisions: number;
  /** What the writers know they made. */
  readonly written: number;
  readonly cuts: Readonly<Record<CutKind, number>>;
  readonly followers: readonly Pick<Follower, "name" | "cuts" | "told" | "reasons">[];
  readonly seconds: number;
}

const KIND = "watched";
const GROUP = "g";
const WRITERS = 2;
const TASKS_EACH = 8;
const BATCH = 16;
const PROTOCOLS: readonly Protocol[] = ["gRPC", "Connect binary on HTTP/2", "gRPC-Web"];
const QUESTIONS = [
  { name: "group", question: { group: GROUP } },
  { name: "kind", question: { kind: KIND } },
  { name: "fast task", question: { kind: KIND, taskId: "w0-0" } },
  { name: "other fast task", question: { kind: KIND, taskId: "w1-0" } },
] as const;

export function run(options: RunOptions): Promise<Report> {
  return inWorld(options.setup, (world) => runIn(world, options));
}

async function runIn(world: World, options: RunOptions): Promise<Report> {
  const { setup, updates, cuts, progress = () => {} } = options;
  const began = performance.now();
  const place = new Place(world);
  let allowed = 0;
  const writers = writersAt(place, updates, () => allowed);
  const made = () => writers.reduce((sum, { done }) => sum + done, 0);
  await Promise.all(writers.map((writer) => writer.create()));
  const watching = QUESTIONS.map((one, index) =>
    follow(one, PROTOCOLS[index % PROTOCOLS.length] ?? "gRPC", place),
  );
  const followers = watching.map(({ follower }) => follower);
  await Promise.all(followers.map((follower) => follower.caughtUp()));

  const created = made();
  const writing = Promise.all(writers.map((writer) => writer.run()));
  const allowMore = () => {
    allowed = Math.max(allowed, made() - created + 2 * WRITERS * BATCH);
  };
  for (let cut = 1; cut <= cuts; cut++) {
    // Each cut comes in the middle of its share of the updates, and meets streams that are being read.
    allowed = Math.ceil((updates * cut) / cuts);
    const middle = created + Math.ceil((updates * (cut - 0.5)) / cuts);
    while (made() < middle || !followers.every(({ reading }) => reading)) await delay(LOOK_MS);
    const kind = kindOf(cut, setup);
    const before = followers.map((follower) => follower.cuts);
    await place.cut(kind, { followers, made, allowMore });
    // Or the next one would cut the same streams. A Redis that is lost ends none.
    const noticed = () => followers.every((follower, index) => follower.cuts !== before[index]);
    while (kind !== "redis" && !noticed()) await delay(LOOK_MS);
    progress(`${cut}/${cuts} cuts, the last of ${kind}; ${made() - created}/${updates} updates`);
  }
  allowed = Number.POSITIVE_INFINITY;
  await writing;
  await Promise.all(followers.map((follower) => follower.finish()));
  for (const { close } of watching) close();

  const final = await finalState(place);
  const watches = watching.flatMap(({ follower, taskId }) =>
    follower.watches(taskId === undefined ? final.keys() : [taskId]),
  );
  return {
    violations: [...checkHistory({ operations: [], final, watches }), ...watches.flatMap(checkTwice)],
    revisions: [...final.values()].reduce((sum, { length }) => sum + length, 0),
    written: made(),
    cuts: place.counts,
    followers,
    seconds: (performance.now() - began) / 1000,
  };
}

function taskIdsOf(writer: number): readonly string[] {
  return Array.from({ length: TASKS_EACH }, (_, task) => `w${writer}-${task}`);
}

/** `allowed`: how many updates all of them together may have made by now. */
function writersAt(place: Place, updates: number, allowed: () => number): readonly Writer[] {
  return Array.from({ length: WRITERS }, (_, writer) => {
    const pace = async (done: number) => {
      while (done * WRITERS >= allowed()) await delay(LOOK_MS);
    };
    return new Writer(`w${writer}`, {
      kind: KIND,
      group: GROUP,
      taskIds: taskIdsOf(writer),
      updates: Math.ceil(updates / WRITERS),
      batch: BATCH,
      allowed: pace,
      instance: () => place.anyUp(),
    });
  });
}

/** Each attempt over a connection of its own. */
function follow({ name, question }: (typeof QUESTIONS)[number], protocol: Protocol, place: Place) {
  let clients: Clients | undefined;
  const reconnect = () => {
    clients?.close();
    clients = connect(protocol, `http://127.0.0.1:${place.here.proxy.port}`);
    return clients.tasks;
  };
  return {
    follower: new Follower({ name, question, connect: reconnect }),
    close: () => clients?.close(),
    taskId: "taskId" in question ? question.taskId : undefined,
  };
}

async function finalState(place: Place): Promise<ReadonlyMap<string, readonly Revision[]>> {
  const final = new Map<string, readonly Revision[]>();
  for (let writer = 0; writer < WRITERS; writer++) {
    for (const taskId of taskIdsOf(writer)) {
      final.set(taskId, revisionsOf(await allEvents(place.here.instance, KIND, taskId)));
    }
  }
  return final;
}

/** A watch of one task tells no revision twice, however often it is resumed. */
function checkTwice({ client, key, events, whole }: Watch): readonly Violation[] {
  return events.flatMap(({ revision }, at) => {
    if (!whole || revision !== events[at - 1]?.revision) return [];
    return { invariant: "T10", name: "watch_twice", key, message: `${client} was told of ${revision} twice` };
  });
}
