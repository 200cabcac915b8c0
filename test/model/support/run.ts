import { checkHistory } from "../../support/history/check.ts";
import type { Violation } from "../../support/history/operation.ts";
import { begun, finalHistory, perform } from "../../support/virtual/things.ts";
import { mix } from "./digest.ts";
import type { Move, Run } from "./explore.ts";
import { Recorder } from "./recorder.ts";
import { type ClientPlan, KEY, type PlantedCase, type Scenario } from "./scenario.ts";
import type { Ending } from "./stepper.ts";
import { World } from "./world.ts";

/** More waiting than this means that somebody waits for ever. */
const MAX_WAITS = 200;

interface Client extends ClientPlan {
  readonly objects: ReturnType<World["objects"]>;
  next: number;
  busy: boolean;
}

/** One run of a scenario: offers what may happen next, and judges what happened. */
export class ScenarioRun implements Run {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #recorder = new Recorder();
  readonly #clients: readonly Client[];
  /** How often each kind of disturbance may still come, by its name. */
  readonly #left = new Map<string, number>();
  readonly #faults: NonNullable<Scenario["faults"]>;
  #disturbancesLeft: number;
  #waits = 0;
  #taken = 0;

  private constructor(scenario: Scenario, plant: PlantedCase, disturbances: number, world: World) {
    this.#disturbancesLeft = disturbances;
    this.#scenario = scenario;
    this.#world = world;
    this.#faults = [...(scenario.faults ?? []), ...(plant.faults ?? [])];
    this.#clients = scenario.clients.map((plan) => ({
      ...plan,
      objects: world.objects(plan.name, plan.process),
      next: 0,
      busy: false,
    }));
    for (const { name, times } of this.#faults) this.#left.set(name, times);
    for (const [ending, times] of Object.entries(scenario.endings ?? {})) this.#left.set(ending, times);
    for (const [process, times] of Object.entries(scenario.ticks ?? {}))
      this.#left.set(`tick ${process}`, times);
    for (const [process, times] of Object.entries(scenario.strides?.times ?? {}))
      this.#left.set(`stride ${process}`, times);
    this.#left.set("client tick", scenario.clientTicks ?? 0);
    this.#left.set("leap", scenario.leaps?.times ?? 0);
  }

  /** `disturbances`: how many faults, ticks and leaps this run may meet in all. */
  static async open(scenario: Scenario, plant: PlantedCase, disturbances: number): Promise<ScenarioRun> {
    return new ScenarioRun(scenario, plant, disturbances, await World.open(scenario, plant));
  }

  moves(): readonly Move[] {
    if (this.#clients.every((client) => this.#isDone(client)) || this.#waits > MAX_WAITS) return [];
    const own = [...this.#starts(), ...this.#answers()];
    const moves = [...own, ...this.#otherEndings(), ...this.#disturbances()];
    // When everybody waits, time passes by itself.
    if (own.length === 0) moves.push(this.#move("time passes", () => this.#wait()));
    const expected = this.#scenario.opening?.[this.#taken];
    return expected === undefined
      ? moves
      : moves.filter(({ label }) => label.startsWith(expected)).slice(0, 1);
  }

  digest(): number {
    const clients = this.#clients.map(({ next, busy }) => `${next}${busy}`);
    return mix(
      this.#world.digest(),
      `${this.#recorder.digest}|${clients}|${[...this.#left.values()]}|${this.#disturbancesLeft}|${this.#waits}`,
    );
  }

  violations(over: boolean): readonly Violation[] {
    const { documents } = this.#world;
    const final = new Map([[KEY, finalHistory(documents, KEY)]]);
    const violations = [...checkHistory({ operations: this.#recorder.operations, final })];
    if (over && this.#waits > MAX_WAITS) {
      violations.push({ invariant: "L2", name: "stuck", key: KEY, message: "a call is never answered" });
    } else if (over && this.#scenario.mustBeHot && !this.#isHot()) {
      violations.push({ invariant: "L1", name: "uncached", key: KEY, message: "nobody's fill was stored" });
    }
    return violations;
  }

  #starts(): Move[] {
    return this.#clients
      .filter((client) => !client.busy && !this.#isDone(client))
      .filter(({ after = [] }) => this.#clients.every((c) => !after.includes(c.name) || this.#isDone(c)))
      .map((client) =>
        this.#move(`${client.name} begins ${client.actions[client.next]?.kind}`, () => this.#start(client)),
      );
  }

  #answers(): Move[] {
    return this.#clientCalls().map((call) =>
      this.#move(`${call.node}: ${call.label}`, () => this.#world.stepper.finish(call, "answered")),
    );
  }

  #otherEndings(): Move[] {
    const endings = Object.keys(this.#scenario.endings ?? {}) as Ending[];
    return endings.flatMap((ending) =>
      this.#clientCalls().flatMap((call) =>
        this.#limited(ending, `${call.node}: ${call.label} is ${ending}`, () =>
          this.#world.stepper.finish(call, ending),
        ),
      ),
    );
  }

  #disturbances(): Move[] {
    const { stepper } = this.#world;
    const ghosts = stepper.ghosts.filter(
      ({ label }, index, all) => all.findIndex((ghost) => ghost.label === label) === index,
    );
    const waiting = this.#clients.filter(({ name }) => stepper.timers.some(({ node }) => node === name));
    const { leaps, strides } = this.#scenario;
    return [
      ...ghosts.map((ghost) => this.#move(`late: ${ghost.label}`, () => stepper.haunt(ghost))),
      ...this.#faults
        .filter(({ possible }) => possible === undefined || possible(this.#world))
        .flatMap(({ name, strike }) => this.#limited(name, name, () => strike(this.#world))),
      ...this.#scenario.processes.flatMap((process) =>
        this.#limited(`tick ${process}`, `tick ${process}`, () => stepper.tick(process)),
      ),
      ...this.#scenario.processes.flatMap((process) =>
        this.#limited(`stride ${process}`, `${process} goes on alone after ${strides?.ms} ms`, () => {
          stepper.now += strides?.ms ?? 0;
          stepper.tick(process);
        }),
      ),
      ...waiting.flatMap(({ name }) =>
        this.#limited("client tick", `tick ${name}`, () => stepper.tick(name)),
      ),
      ...this.#limited("leap", `${leaps?.ms} ms pass`, () => {
        stepper.now += leaps?.ms ?? 0;
      }),
    ];
  }

  #limited(budget: string, label: string, apply: () => void): Move[] {
    const left = this.#left.get(budget) ?? 0;
    if (left === 0 || this.#disturbancesLeft === 0) return [];
    return [
      this.#move(label, () => {
        this.#left.set(budget, left - 1);
        this.#disturbancesLeft--;
        apply();
      }),
    ];
  }

  #move(label: string, apply: () => void): Move {
    return {
      label,
      apply: async () => {
        this.#taken++;
        apply();
        await this.#world.settle();
      },
    };
  }

  #clientCalls() {
    const { stepper, generations } = this.#world;
    return stepper.calls.filter(({ node }) => !generations.has(node));
  }

  #isDone(client: Client): boolean {
    return this.#world.stepper.isDead(client.name) || (!client.busy && client.next >= client.actions.length);
  }

  #start(client: Client): void {
    const action = client.actions[client.next];
    if (action === undefined) return;
    client.busy = true;
    client.next++;
    const end = this.#recorder.begin({ client: client.name, ...begun(action) });
    void perform(client.objects, action).then((outcome) => {
      end(outcome);
      client.busy = false;
    });
  }

  #wait(): void {
    this.#waits++;
    const { stepper } = this.#world;
    const next = stepper.timers.reduce<{ node: string; at: number } | undefined>(
      (least, timer) => (least === undefined || timer.at < least.at ? timer : least),
      undefined,
    );
    if (next === undefined) this.#waits = MAX_WAITS + 1;
    else stepper.tick(next.node);
  }

  #isHot(): boolean {
    return this.#world.hot.entries.some(([, { value }]) => value !== undefined);
  }
}
