import type { Span } from "./operation.ts";

/** The times between losses of the hot store. What a call shows is compared with calls of its own epoch only. */
export class Epochs {
  readonly #losses: readonly Span[];

  constructor(losses: readonly Span[]) {
    this.#losses = losses.toSorted((a, b) => a.from - b.from);
  }

  /** Undefined for what a loss may have met. */
  of({ start, end }: { readonly start: number; readonly end: number }): number | undefined {
    if (this.lostWithin(start, end)) return undefined;
    return this.#losses.filter(({ until }) => until < start).length;
  }

  lostWithin(start: number, end: number): boolean {
    return this.#losses.some(({ from, until }) => from <= end && start <= until);
  }
}
