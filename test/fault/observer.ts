// Asks every instance over and over how it sees the stores, so that a run can tell which modes it went through and
// when all was well again.
import { setTimeout as delay } from "node:timers/promises";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { now } from "./clock.ts";
import type { Instance, Span } from "./instance.ts";

const EVERY_MS = 100;
const ANSWER_MS = 1_000;
/** What happens between two looks, and answers that are on their way when the mode changes. */
const AROUND_MS = 2_000;

export class Observer {
  readonly #loops: Promise<void>[];
  readonly #latest = new Map<string, { readonly mode: Mode | undefined; readonly at: number }>();
  readonly #seen = new Set<Mode>();
  /** Every generation number that anybody named; 0 says that it is not known yet. */
  readonly generations = new Set<bigint>();
  /** When some instance named another generation than it had before. */
  readonly changes: number[] = [];
  /** When some instance could not reach the durable store, with room on both sides. */
  readonly durableOutages: Span[] = [];
  #stopped = false;

  constructor(instances: readonly Instance[]) {
    this.#loops = instances.map((instance) => this.#watch(instance));
  }

  saw(mode: Mode): boolean {
    return this.#seen.has(mode);
  }

  /** Whether every instance said, in an answer to a question asked after `since`, that its mode is normal. */
  allNormalSince(since: number): boolean {
    return (
      this.#latest.size > 0 &&
      [...this.#latest.values()].every(({ mode, at }) => mode === Mode.NORMAL && at >= since)
    );
  }

  describe(): string {
    return [...this.#latest]
      .map(([name, { mode }]) => `${name} ${mode === undefined ? "silent" : nameOf(mode)}`)
      .join(", ");
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #watch(instance: Instance): Promise<void> {
    let generation = 0n;
    while (!this.#stopped) {
      const at = now();
      const status = await instance.status
        .getStatus({}, { signal: AbortSignal.timeout(ANSWER_MS) })
        .catch(() => undefined);
      this.#latest.set(instance.name, { mode: status?.mode, at });
      if (status !== undefined) {
        this.#seen.add(status.mode);
        if (status.generation > 0n) {
          this.generations.add(status.generation);
          if (generation !== 0n && generation !== status.generation) this.changes.push(now());
          generation = status.generation;
        }
      }
      if (status?.mode === Mode.DURABLE_DOWN) {
        this.durableOutages.push({ from: at - AROUND_MS, until: now() + AROUND_MS });
      }
      await delay(EVERY_MS);
    }
  }
}

function nameOf(mode: Mode): string {
  return Object.entries(Mode).find(([, value]) => value === mode)?.[0] ?? String(mode);
}
