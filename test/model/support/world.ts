import { MemoryDocuments } from "../../../src/adapters/memory/documents.ts";
import { createObjects } from "../../../src/consistency/dual-store.ts";
import { Generation } from "../../../src/consistency/generation.ts";
import { CONTROL } from "../../../src/consistency/generation-document.ts";
import type { Objects } from "../../../src/consistency/objects.ts";
import { durablePort } from "../../support/virtual/durable-port.ts";
import { hotPort } from "../../support/virtual/hot-port.ts";
import { HotNetwork, HotServer, soundRules } from "../../support/virtual/hot-server.ts";
import { SPECS, THING } from "../../support/virtual/things.ts";
import { drained } from "../../support/virtual/transport.ts";
import { mix } from "./digest.ts";
import { KEY, type PlantedCase, type Scenario } from "./scenario.ts";
import { Stepper } from "./stepper.ts";

/** So long that no test outlasts it. */
const FOREVER_MS = 1e9;
const SETUP_TICKS = 40;

/** The stores and processes of one run. */
export class World {
  readonly stepper = new Stepper();
  readonly documents = new MemoryDocuments(SPECS);
  readonly network = new HotNetwork();
  readonly hot: HotServer;
  readonly generations = new Map<string, Generation>();
  /** What a dump or a replica holds. */
  copied: HotServer | undefined;
  durableUp = true;
  readonly #scenario: Scenario;
  readonly #plant: PlantedCase;

  private constructor(scenario: Scenario, plant: PlantedCase) {
    this.#scenario = scenario;
    this.#plant = plant;
    this.hot = new HotServer("X", () => this.stepper.now, plant.rules ?? soundRules);
  }

  static async open(scenario: Scenario, plant: PlantedCase): Promise<World> {
    const world = new World(scenario, plant);
    for (const process of scenario.processes) world.#startProcess(process);
    const expected = scenario.startsBypassed ? "bypassed" : "cached";
    const ready = () => [...world.generations.values()].every(({ view }) => view?.mode === expected);
    await world.settle();
    for (let ticks = 0; !ready(); ticks++) {
      if (ticks > SETUP_TICKS) throw new Error(`the scenario ${scenario.name} does not get ready`);
      for (const process of scenario.processes) world.stepper.tick(process);
      await world.settle();
    }
    await world.#prepare();
    return world;
  }

  /** The view of one client: its own Objects in its process. */
  objects(client: string, process: string): Objects {
    const generation = this.generationOf(process);
    const { transport, network } = { transport: this.stepper, network: this.network };
    const hot = hotPort({ transport, network, node: client, process });
    return createObjects({
      kind: THING,
      durable: this.#durable(client),
      hot: this.#plant.hot?.(hot, client, generation) ?? hot,
      generation: this.#plant.leases?.(generation) ?? generation,
      timing: this.stepper.timing(client),
    });
  }

  generationOf(process: string): Generation {
    const generation = this.generations.get(process);
    if (generation === undefined) throw new Error(`no process ${process}`);
    return generation;
  }

  /** The stewards' calls are not explored: they run as soon as they are made. */
  async settle(): Promise<void> {
    await drained();
    for (;;) {
      const call = this.stepper.calls.find(({ node }) => this.generations.has(node));
      if (call === undefined) return;
      this.stepper.finish(call, "answered");
      await drained();
    }
  }

  digest(): number {
    const hot = (server: HotServer | undefined) => JSON.stringify(server?.entries ?? null);
    const documents = [
      this.documents.get(THING.collection, KEY, true),
      this.documents.get(CONTROL.name, "generation"),
    ];
    const servers = [this.hot, this.copied].map(hot);
    return mix(
      this.stepper.digest(),
      `${JSON.stringify(documents)}|${servers}|${this.network.state}|${this.durableUp}`,
    );
  }

  #durable(node: string) {
    const { stepper: transport, documents } = this;
    const durable = durablePort({ transport, documents, node, reachable: () => this.durableUp });
    return this.#plant.durable?.(durable) ?? durable;
  }

  #startProcess(process: string): void {
    if (!this.#scenario.startsBypassed) this.network.connect(process, this.hot);
    const { stepper: transport, network } = this;
    const generation = new Generation({
      durable: this.#durable(process),
      hot: hotPort({ transport, network, node: process, process }),
      timing: this.stepper.timing(process),
      instance: process,
      leaseMs: this.#scenario.leaseMs ?? FOREVER_MS,
      timeoutMs: 500,
    });
    this.generations.set(process, generation);
    generation.start();
  }

  async #prepare(): Promise<void> {
    const { prepared, processes } = this.#scenario;
    const objects = this.objects("setup", processes[0] ?? "");
    for (let revision = 1; revision <= (prepared?.revision ?? 0); revision++) {
      const mutation = {
        conditions: [],
        change: { set: [[["value"], `p${revision}`]] },
        ifAbsent: "insert",
        event: { value: `p${revision}` },
      } as const;
      await this.#finish(objects.mutate(KEY, { id: undefined, body: null }, mutation));
    }
    if (prepared?.hot) await this.#finish(objects.read(KEY, { consistency: "fast", minRevision: 0 }));
  }

  async #finish(work: Promise<unknown>): Promise<void> {
    let finished = false;
    void work.finally(() => {
      finished = true;
    });
    for (await drained(); !finished; await drained()) {
      const call = this.stepper.calls[0];
      if (call === undefined) throw new Error("the preparation stands still");
      this.stepper.finish(call, "answered");
    }
    await work;
  }
}
