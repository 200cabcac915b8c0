import type { MemoryDocuments } from "../../../src/adapters/memory/documents.ts";
import { createObjects } from "../../../src/consistency/dual-store.ts";
import { Generation } from "../../../src/consistency/generation.ts";
import type { Timing } from "../../../src/consistency/timing.ts";
import { durablePort } from "../../support/virtual/durable-port.ts";
import { hotPort } from "../../support/virtual/hot-port.ts";
import type { HotNetwork } from "../../support/virtual/hot-server.ts";
import type { Plant } from "../../support/virtual/plant.ts";
import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";
import type { Weather } from "./weather.ts";
import type { Service, Workload } from "./workload.ts";

const EPOCH_MS = 1_700_000_000_000;
export const LEASE_MS = 1_000;

export interface Surroundings {
  readonly clock: Clockwork;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly documents: MemoryDocuments;
  readonly network: HotNetwork;
  /** Whether the process of that name can reach the durable store. */
  readonly durableReachable: (process: string) => boolean;
  readonly plant: Plant;
  readonly workload: Workload;
}

/** One life of one process of the service: the real code over simulated stores, clocks and pauses. */
export class Process {
  readonly name: string;
  readonly generation: Generation;
  readonly service: Service;
  readonly #s: Surroundings;
  /** Clocks are set apart, and run at slightly different speeds. */
  readonly #wallOffsetMs: number;
  readonly #speed: number;
  #pausedUntil = 0;
  #alive = true;
  #held: (() => void)[] = [];
  #ids = 0;
  readonly #life: string;

  constructor(name: string, life: number, surroundings: Surroundings) {
    this.name = name;
    this.#life = `${name}${life}`;
    this.#s = surroundings;
    const { chance, weather, documents, network, durableReachable, plant, workload } = surroundings;
    this.#wallOffsetMs = chance.between(-50, 50);
    this.#speed = chance.between(0.98, 1.02);
    const transport = weather.transport((run) => this.deliver(run));
    const timing = this.#timing();
    const reachable = () => durableReachable(name);
    const soundDurable = durablePort({ transport, documents, node: name, reachable });
    const durable = plant.durable?.(soundDurable) ?? soundDurable;
    const soundHot = hotPort({ transport, network, node: name, process: name });
    const control = {
      durable,
      hot: soundHot,
      timing,
      instance: this.#life,
      leaseMs: LEASE_MS,
      timeoutMs: 500,
    };
    this.generation = new Generation(control);
    const hot = plant.hot?.(soundHot, name, this.generation) ?? soundHot;
    const generation = plant.leases?.(this.generation) ?? this.generation;
    const objects = createObjects({ kind: workload.kind, durable, hot, generation, timing });
    this.service = workload.open({ objects, durable, timing });
    this.generation.start();
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Nothing is ever heard of it again; what it sent may still arrive. */
  kill(): void {
    this.#alive = false;
    this.#held = [];
  }

  /** It stands still, as under SIGSTOP, while the world goes on. */
  pause(ms: number): void {
    if (!this.#alive) return;
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#s.clock.now + ms);
    this.#s.clock.at(this.#pausedUntil, () => this.#resume());
  }

  /** Runs something in the process, when it next moves. */
  deliver(run: () => void): void {
    if (!this.#alive) return;
    if (this.#s.clock.now < this.#pausedUntil) this.#held.push(run);
    else run();
  }

  /** A moment of this process's wall clock, on the clock of the world. */
  worldTime(wallMs: number): number {
    return wallMs - EPOCH_MS - this.#wallOffsetMs;
  }

  #resume(): void {
    if (this.#s.clock.now < this.#pausedUntil) return;
    const { clock, chance } = this.#s;
    // One event each and in any order: between a timer and an answer there is no rule.
    for (const run of this.#held) clock.after(chance.between(0, 0.5), () => this.deliver(run));
    this.#held = [];
  }

  #timing(): Timing {
    const { clock } = this.#s;
    return {
      now: () => EPOCH_MS + this.#wallOffsetMs + clock.now,
      monotonic: () => clock.now * this.#speed,
      uniqueId: () => `${this.#life}.${this.#ids++}`,
      sleep: (ms, signal) => {
        if (signal?.aborted) return Promise.resolve();
        return new Promise((resolve) => {
          const end = () => {
            signal?.removeEventListener("abort", end);
            takeBack();
            resolve();
          };
          const takeBack = clock.after(ms / this.#speed, () => this.deliver(end));
          signal?.addEventListener("abort", end, { once: true });
        });
      },
    };
  }
}
