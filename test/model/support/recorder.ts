import type { Operation } from "../../support/history/operation.ts";

/** Collects what the clients see, on a clock that only tells the order of events. */
export class Recorder {
  readonly operations: Operation[] = [];
  #clock = 0;
  /** The highest revision that anybody was shown. */
  #known = 0;
  readonly #knownAtStart: number[] = [];

  /** Answers the function that takes the end of it. */
  begin(operation: Omit<Operation, "start">): (end: Partial<Operation>) => void {
    const index = this.operations.length;
    const started: Operation = { ...operation, start: this.#clock++ };
    this.operations.push(started);
    this.#knownAtStart[index] = this.#known;
    return (end) => {
      const ended: Operation = { ...started, ...end, end: this.#clock++ };
      this.operations[index] = ended;
      if (ended.outcome !== "failed" && !ended.degraded)
        this.#known = Math.max(this.#known, ended.revision ?? 0);
    };
  }

  /** All of the past that a judgement on the future can depend on. */
  get digest(): string {
    const lines = this.operations.map(({ client, op, outcome, revision, value }, index) =>
      outcome === undefined
        ? `${client} ${op} since ${this.#knownAtStart[index]}`
        : `${client} ${op} ${outcome} ${revision} ${value}`,
    );
    return `${lines.sort().join()}|${this.#known}`;
  }
}
