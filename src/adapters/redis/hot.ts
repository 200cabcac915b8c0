import { randomBytes } from "node:crypto";
import { unavailable } from "../../errors.ts";
import type { GetOrLease, Hit, HotStore, Slot, Versioned } from "../../ports/hot-store.ts";
import type { Master, RedisAccess } from "./access.ts";
import { hearConfirms } from "./confirms.ts";
import { type Keys, milliseconds } from "./keys.ts";
import { runScript, type ScriptName } from "./scripts.ts";

/** An entry without a value keeps its floor for this long, or for as long as its lease lives. */
const VALUELESS_MS = "60000";
const PROBE_MS = "60000";
const SWEEP_STEP = "500";

const ZERO = 48;
const NINE = 57;

/**
 * The hot store on Redis: every operation is one script on one key. A value that is there, which is what nearly all reads
 * find, is read without one: a script costs the server three times as much as the command. So all that a reader has to
 * know is in one field, `shown`: revision, end by the server's clock and life (milliseconds), and the value, with blanks
 * between. It is never below the floor: whatever raises that removes or replaces it in the same step.
 */
export class RedisHotStore implements HotStore {
  readonly kind = "redis";
  readonly shared = true;
  readonly #connection: RedisAccess;
  readonly #keys: Keys;

  constructor(connection: RedisAccess, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async getOrLease(
    slot: Slot,
    request: { readonly minRevision: number; readonly token: string; readonly leaseMs: number },
    signal?: AbortSignal,
  ): Promise<GetOrLease> {
    const entry = this.#entry(slot);
    const hit = this.#hitOf(entry, await this.#shown(entry, signal), request.minRevision);
    if (hit !== undefined) return hit;
    const args = [String(request.minRevision), request.token, milliseconds(request.leaseMs), VALUELESS_MS];
    const reply = await this.#run<string | 0 | 1>("getOrLease-1", slot, args, signal);
    if (reply === 0) return { kind: "busy" };
    // The script has compared the revision.
    return this.#hitOf(entry, reply === 1 ? null : reply, 0) ?? { kind: "leased" };
  }

  async peek(slot: Slot, minRevision: number, signal?: AbortSignal): Promise<Hit | undefined> {
    const entry = this.#entry(slot);
    return this.#hitOf(entry, await this.#shown(entry, signal), minRevision);
  }

  async fill(
    slot: Slot,
    token: string,
    versioned: { readonly value: string | undefined; readonly revision: number; readonly ttlMs: number },
    signal?: AbortSignal,
  ): Promise<"stored" | "refused"> {
    const { value, revision, ttlMs } = versioned;
    const args = [token, String(revision), milliseconds(ttlMs), VALUELESS_MS];
    const reply = await this.#run<0 | 1>(
      "fill-1",
      slot,
      value === undefined ? args : [...args, value],
      signal,
    );
    return reply === 1 ? "stored" : "refused";
  }

  async confirm(slot: Slot, versioned: Versioned, signal?: AbortSignal): Promise<void> {
    const { value, revision, ttlMs } = versioned;
    const args = [String(revision), milliseconds(ttlMs), VALUELESS_MS, value, this.#keys.confirmed];
    await this.#run("confirm-1", slot, args, signal);
  }

  async raise(slot: Slot, revision: number, signal?: AbortSignal): Promise<void> {
    await this.#run("raise-1", slot, [String(revision), VALUELESS_MS], signal);
  }

  async probe(signal?: AbortSignal): Promise<string> {
    const text = randomBytes(8).toString("hex");
    const args = [text, PROBE_MS];
    const keys = await this.#connection.keysOfAll(this.#keys.probe, signal);
    const read = await Promise.all(
      keys.map((key) => runScript<string>(this.#connection, "probe-1", [key], args, { signal })),
    );
    if (read.some((answer) => answer !== text)) {
      throw unavailable("hot", { message: "the hot store does not keep what was written" });
    }
    return this.#connection.identity(signal);
  }

  onDoubt(listener: () => void): () => void {
    return this.#connection.onDoubt(listener);
  }

  onConfirmed(listener: (key: string | undefined) => void): () => void {
    return hearConfirms(this.#connection, this.#keys, listener);
  }

  /** The hint stays: a generation may be in force for longer than any lifetime that one could choose. */
  async writeHint(generation: number, signal?: AbortSignal): Promise<void> {
    await this.#connection.call(["SET", this.#keys.hint, String(generation)], { signal });
  }

  async readHint(signal?: AbortSignal): Promise<number | undefined> {
    const text = await this.#connection.call<string | null>(["GET", this.#keys.hint], { signal });
    return text === null ? undefined : Number(text);
  }

  async sweepBelow(generation: number, signal?: AbortSignal): Promise<void> {
    for (const master of this.#connection.masters()) await this.#sweep(master, generation, signal);
  }

  async #sweep(master: Master, generation: number, signal: AbortSignal | undefined): Promise<void> {
    let cursor = "0";
    do {
      const scan = ["SCAN", cursor, "MATCH", this.#keys.all, "COUNT", SWEEP_STEP];
      const [next, found] = await master.call<readonly [string, readonly string[]]>(scan, { signal });
      const left = found.filter((key) => (this.#keys.generationOf(key) ?? generation) < generation);
      // One key a command: in a cluster, each may be in another slot.
      const removals = left.map((key) => ["UNLINK", key]);
      await this.#connection.batch(removals, { signal });
      cursor = next;
    } while (cursor !== "0");
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #entry({ generation, key }: Slot): string {
    return this.#keys.entry(generation, key);
  }

  #shown(entry: string, signal: AbortSignal | undefined): Promise<string | null> {
    return this.#connection.call<string | null>(["HGET", entry, "shown"], { signal });
  }

  #hitOf(entry: string, shown: string | null, minRevision: number): Hit | undefined {
    if (shown === null) return undefined;
    const { numbers, rest } = leadingNumbers(shown);
    const [revision, ends, life] = numbers;
    if (revision < minRevision) return undefined;
    // The two clocks may differ by a little, but nothing lives longer than it was to.
    const left = Math.min(ends - this.#connection.serverNow(entry), life);
    // Clocks and roundings differ, and what was answered still lived.
    return { kind: "hit", value: rest, revision, ttlMs: Math.max(1, Math.floor(left)) };
  }

  #run<T>(
    name: ScriptName,
    slot: Slot,
    args: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return runScript<T>(this.#connection, name, [this.#entry(slot)], args, { signal });
  }
}

/** Three whole numbers, each with a blank behind it, and what follows them. */
function leadingNumbers(text: string): {
  readonly numbers: readonly [number, number, number];
  readonly rest: string;
} {
  const numbers: [number, number, number] = [0, 0, 0];
  let at = 0;
  for (let which = 0; which < numbers.length; which++) {
    let number = 0;
    for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(++at)) {
      number = number * 10 + code - ZERO;
    }
    numbers[which] = number;
    at++;
  }
  return { numbers, rest: text.slice(at) };
}
