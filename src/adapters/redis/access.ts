import type { RedisArgument } from "redis";
import type { RedisClient } from "./dial.ts";

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Text of the reply as Buffers. */
  readonly binary?: boolean;
  /** The commands change something: sent and not answered, they may have done so, and the failure says `unknown`. */
  readonly mutates?: boolean;
  /** The server takes over the key's slot, and is to answer for it already. */
  readonly asking?: boolean;
}

export type Command = readonly RedisArgument[];

/** A server that holds entries: where SCAN has to go. */
export interface Master {
  call<T>(command: Command, options: CallOptions): Promise<T>;
}

/** Which servers hold which entries. */
export interface Layout {
  /** The same text as long as no entry moves from one server to another; empty where there is one server. */
  readonly fingerprint: string;
  /** In an order in which each entry is met, even while slots move as the fingerprint says. */
  readonly masters: readonly Master[];
}

/** What the stores need of Redis, be it one server or a cluster. Errors are those of the ports. */
export interface RedisAccess {
  /** A command goes where its first key is: its first argument, or that of a script. */
  call<T>(command: Command, options: CallOptions): Promise<T>;
  /** Commands at once, each by itself; the replies in their order. */
  batch<T>(commands: readonly Command[], options: CallOptions): Promise<readonly T[]>;
  /** Asked anew. Throws `aborted` / SLOTS_MOVED where no order of the servers would meet each entry. */
  layout(signal?: AbortSignal): Promise<Layout>;
  masters(): readonly Master[];
  /** For each server that holds entries, a key that it holds: `stem`, or `stem` and a hash tag. */
  keysOfAll(stem: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Asks every server again who it is. */
  identity(signal?: AbortSignal): Promise<string>;
  /** Milliseconds of the clock of the server that holds the key. */
  serverNow(key: string): number;
  onDoubt(listener: () => void): () => void;
  /** Another socket, for what cannot share the first; the caller's to destroy. Rejects when none came within 2 s. */
  beside(greet: (client: RedisClient) => Promise<unknown>): Promise<RedisClient>;
  /** Fires when the connection is closed for good. */
  readonly closed: AbortSignal;
  /** What is under way fails with `unavailable`. */
  close(): void;
}
