import { MemoryDocuments } from "../../../src/adapters/memory/documents.ts";
import { HotNetwork, HotServer } from "../../support/virtual/hot-server.ts";
import type { Plant } from "../../support/virtual/plant.ts";
import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";
import { Process, type Surroundings } from "./process.ts";
import { Weather } from "./weather.ts";
import type { Workload } from "./workload.ts";

export const PROCESS_NAMES = ["p1", "p2", "p3"] as const;

/** Three processes and their stores. */
export class Cluster {
  readonly clock: Clockwork;
  readonly weather: Weather;
  readonly documents: MemoryDocuments;
  readonly network = new HotNetwork();
  /** When somebody could not reach the durable store; for the checker. */
  readonly durableOutages: { from: number; until: number }[] = [];
  /** The hot server that processes connect to; undefined while it is down. */
  hot: HotServer | undefined;
  /** What a dump or a lagging replica holds. */
  dump: HotServer;
  readonly #workload: Workload;
  readonly #plant: Plant;
  readonly #chance: Chance;
  readonly #processes = new Map<string, Process>();
  /** Names of processes that are cut off from a store. */
  readonly #cutFromHot = new Set<string>();
  readonly #cutFromDurable = new Set<string>();
  #durableUp = true;
  #peace = false;
  #servers = 0;
  #lives = 0;

  constructor(clock: Clockwork, chance: Chance, workload: Workload, plant: Plant) {
    this.documents = new MemoryDocuments(workload.specs);
    this.#workload = workload;
    this.#plant = plant;
    this.clock = clock;
    this.#chance = chance;
    this.weather = new Weather(clock, chance);
    this.hot = this.#newServer();
    this.dump = this.hot.copy("");
    for (const name of PROCESS_NAMES) this.start(name);
  }

  process(name: string): Process | undefined {
    const process = this.#processes.get(name);
    return process?.alive ? process : undefined;
  }

  get processes(): readonly Process[] {
    return PROCESS_NAMES.flatMap((name) => this.process(name) ?? []);
  }

  start(name: string): void {
    if (this.process(name) !== undefined) return;
    const surroundings: Surroundings = {
      clock: this.clock,
      chance: this.#chance,
      weather: this.weather,
      documents: this.documents,
      network: this.network,
      plant: this.#plant,
      workload: this.#workload,
      durableReachable: (process) => this.#durableUp && !this.#cutFromDurable.has(process),
    };
    this.#connect(name);
    this.#processes.set(name, new Process(name, this.#lives++, surroundings));
  }

  kill(name: string): void {
    this.process(name)?.kill();
  }

  takeDump(): void {
    if (this.hot !== undefined) this.dump = this.hot.copy("");
  }

  stopHot(): void {
    if (this.hot !== undefined) this.network.cutAll(this.hot);
    this.hot = undefined;
  }

  /** A server with another identity: empty, or with what the dump held. */
  startHot(from: "nothing" | "dump"): void {
    this.stopHot();
    this.hot = from === "dump" ? this.dump.copy(this.#identity()) : this.#newServer();
    for (const name of PROCESS_NAMES) this.#reconnectSoon(name);
  }

  /** A replica that lags becomes the master; processes leave the old one, which lives on, one after the other. */
  failOver(withinMs: number): void {
    this.hot = this.dump.copy(this.#identity());
    for (const name of PROCESS_NAMES) {
      this.later(this.#chance.between(0, withinMs), () => this.#connect(name));
    }
  }

  cutFromHot(name: string): void {
    this.#cutFromHot.add(name);
    this.network.cut(name);
  }

  mendHot(name: string): void {
    this.#cutFromHot.delete(name);
    this.#reconnectSoon(name);
  }

  /** Without a name: the store is away for all. */
  cutFromDurable(name?: string): void {
    if (name === undefined) this.#durableUp = false;
    else this.#cutFromDurable.add(name);
  }

  mendDurable(name?: string): void {
    if (name === undefined) this.#durableUp = true;
    else this.#cutFromDurable.delete(name);
  }

  noteDurableOutage(forMs: number): void {
    this.durableOutages.push({ from: this.clock.now, until: this.clock.now + forMs });
  }

  /** For what a fault does in the course of time: once all is healed, nothing. */
  later(ms: number, run: () => void): void {
    this.clock.after(ms, () => {
      if (!this.#peace) run();
    });
  }

  /** Ends every fault. */
  heal(): void {
    this.#peace = true;
    this.weather.clear();
    this.#durableUp = true;
    this.#cutFromDurable.clear();
    this.#cutFromHot.clear();
    if (this.hot === undefined) this.startHot("nothing");
    for (const name of PROCESS_NAMES) {
      this.start(name);
      this.#reconnectSoon(name);
    }
  }

  #reconnectSoon(name: string): void {
    this.clock.after(this.#chance.between(1, 100), () => this.#connect(name));
  }

  #connect(name: string): void {
    if (this.hot === undefined || this.#cutFromHot.has(name)) return;
    const link = this.network.linkOf(name);
    if (link?.up && link.server === this.hot) return;
    this.network.connect(name, this.hot);
  }

  #newServer(): HotServer {
    return new HotServer(this.#identity(), () => this.clock.now, this.#plant.rules);
  }

  #identity(): string {
    return `h${this.#servers++}`;
  }
}
