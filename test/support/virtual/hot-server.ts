// Servers of the hot store, and which of them each process is connected to.

import type { HotEntry, Step } from "../../../src/adapters/memory/entry.ts";
import * as entryRules from "../../../src/adapters/memory/entry.ts";
import { unavailable } from "../../../src/errors.ts";
import type { Slot } from "../../../src/ports/hot-store.ts";

/** What the operations do to an entry; planted bugs replace some of them. */
export type HotRules = Pick<typeof entryRules, "peek" | "getOrLease" | "fill" | "confirm" | "raise">;

export const soundRules: HotRules = entryRules;

export class HotServer {
  readonly identity: string;
  readonly rules: HotRules;
  readonly #now: () => number;
  #entries = new Map<string, HotEntry>();
  hint: number | undefined;

  constructor(identity: string, now: () => number, rules: HotRules = soundRules) {
    this.identity = identity;
    this.#now = now;
    this.rules = rules;
  }

  step<Answer>(slot: Slot, transition: (entry: HotEntry | undefined, now: number) => Step<Answer>): Answer {
    const id = `${slot.generation}:${slot.key}`;
    const { entry, answer } = transition(this.entry(slot), this.#now());
    if (entry !== undefined) this.#entries.set(id, entry);
    return answer;
  }

  entry(slot: Slot): HotEntry | undefined {
    const entry = this.#entries.get(`${slot.generation}:${slot.key}`);
    return entry !== undefined && this.#now() < entry.expiresAt ? entry : undefined;
  }

  /** Everything is gone, as after a flush or a restart without a dump. */
  clear(): void {
    this.#entries = new Map();
    this.hint = undefined;
  }

  sweepBelow(generation: number): void {
    for (const id of this.#entries.keys()) if (Number.parseInt(id, 10) < generation) this.#entries.delete(id);
  }

  /** A server with what this one holds now: a dump, a replica. */
  copy(identity: string): HotServer {
    const copy = new HotServer(identity, this.#now, this.rules);
    copy.#entries = new Map(this.#entries);
    copy.hint = this.hint;
    return copy;
  }

  /** Takes over what another one held. */
  restore(from: HotServer): void {
    this.#entries = new Map(from.#entries);
    this.hint = from.hint;
  }

  /** Changes entries behind the protocol's back. */
  tamper(change: (entry: HotEntry) => HotEntry): void {
    for (const [id, entry] of this.#entries) this.#entries.set(id, change(entry));
  }

  /** Entries that are alive, in a stable order. */
  get entries(): readonly (readonly [id: string, entry: HotEntry])[] {
    return [...this.#entries]
      .filter(([, entry]) => this.#now() < entry.expiresAt)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** One connection of one process. What was sent by way of it dies with it. */
export interface Link {
  readonly server: HotServer;
  up: boolean;
}

export class HotNetwork {
  readonly #links = new Map<string, Link>();
  readonly #listeners = new Map<string, Set<() => void>>();

  connect(process: string, server: HotServer): void {
    this.cut(process);
    this.#links.set(process, { server, up: true });
  }

  /** The process notices at once, as a driver does when its socket ends. */
  cut(process: string): void {
    const link = this.#links.get(process);
    if (link === undefined || !link.up) return;
    link.up = false;
    for (const listener of this.#listeners.get(process) ?? []) listener();
  }

  /** Every connection to the server breaks. */
  cutAll(server: HotServer): void {
    for (const [process, link] of this.#links) if (link.server === server) this.cut(process);
  }

  linkOf(process: string): Link | undefined {
    return this.#links.get(process);
  }

  /** The server behind a link that a call was sent by; throws when the connection was lost since. */
  serverOf(link: Link | undefined): HotServer {
    if (link === undefined || !link.up) throw unavailable("hot");
    return link.server;
  }

  onDoubt(process: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(process) ?? new Set();
    this.#listeners.set(process, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** For drivers that tell states apart. */
  get state(): string {
    return [...this.#links]
      .map(([process, { server, up }]) => `${process}${up ? "=" : "x"}${server.identity}`)
      .join();
  }
}
