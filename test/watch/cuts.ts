// Where watchers and writers are, and everything that cuts a watcher off.
import { setTimeout as delay } from "node:timers/promises";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import type { Instance } from "../fault/instance.ts";
import type { Follower } from "./follower.ts";
import type { Post, Setup, World } from "./world.ts";

export type CutKind = "client" | "connection" | "instance" | "redis";

/** What goes on meanwhile. */
export interface Load {
  readonly followers: readonly Follower[];
  /** Revisions made so far. */
  readonly made: () => number;
  /** Lets the writers go on, so that there is something to see without Redis. */
  readonly allowMore: () => void;
}

export const LOOK_MS = 10;
const STATUS_MS = 100;

/** Every tenth takes Redis, where there is one; of the others every fourth an instance, by kill -9. */
export function kindOf(cut: number, setup: Setup): CutKind {
  if (setup === "shared" && cut % 10 === 5) return "redis";
  if (cut % 4 === 2) return "instance";
  return cut % 2 === 0 ? "client" : "connection";
}

/** All followers are at one instance, and go to the next when they are cut off; writers are at any that is up. */
export class Place {
  readonly counts: Record<CutKind, number> = { client: 0, connection: 0, instance: 0, redis: 0 };
  readonly #world: World;
  #at = 0;
  #turn = 0;
  #away: Instance | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  get here(): Post {
    const post = this.#world.posts[this.#at % this.#world.posts.length];
    if (post === undefined) throw new Error("there is no instance");
    return post;
  }

  /** Where all are away, the one that will be back. */
  anyUp(): Instance {
    const up = this.#world.posts.map(({ instance }) => instance).filter((one) => one !== this.#away);
    return up[this.#turn++ % Math.max(up.length, 1)] ?? this.here.instance;
  }

  /** Resolves when what was taken away is back. */
  async cut(kind: CutKind, load: Load): Promise<void> {
    const { instance, proxy } = this.here;
    if (kind !== "redis") this.#at++;
    switch (kind) {
      case "client":
        for (const follower of load.followers) follower.cut();
        break;
      case "connection":
        proxy.set({ kind: "reset" });
        proxy.heal();
        break;
      case "instance":
        this.#away = instance;
        await instance.kill();
        await instance.restart();
        this.#away = undefined;
        break;
      case "redis":
        await loseRedis(this.#world, load);
        break;
    }
    this.counts[kind]++;
  }
}

/** Killed, and back empty after some were written without it; resolves when it is in use again. */
async function loseRedis({ posts, redis }: World, { made, allowMore }: Load): Promise<void> {
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
      await delay(STATUS_MS);
    }
  }
}
