import type { Simulated } from "./simulate.ts";

/** Figures over many worlds. */
export class Tally {
  failed = 0;
  #seeds = 0;
  #events = 0;
  readonly #operations = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly #violations = new Map<string, number>();

  add({ operations, faults, violations, events }: Simulated): void {
    this.#seeds++;
    this.#events += events;
    if (violations.length > 0) this.failed++;
    for (const { op, source, degraded, outcome, applied } of operations) {
      const kind =
        op === "read" && outcome === "ok" ? `read from ${source}${degraded ? ", degraded" : ""}` : op;
      const end = op === "read" && outcome === "ok" ? "" : ` ${outcome ?? "never answered"}`;
      count(this.#operations, `${kind}${end}${op === "write" && applied ? `, applied ${applied}` : ""}`);
    }
    for (const fault of faults) count(this.#faults, fault);
    for (const { invariant, name } of violations) count(this.#violations, `${invariant} ${name}`);
  }

  get text(): string {
    const operations = [...this.#operations.values()].reduce((sum, n) => sum + n, 0);
    const violations = [...this.#violations.values()].reduce((sum, n) => sum + n, 0);
    return [
      ...lines("Operations", this.#operations),
      ...lines("Faults", this.#faults),
      ...lines("Violations", this.#violations),
      `${this.#seeds} seeds, ${this.failed} of them with violations; ${operations} operations, ` +
        `${violations} violations; ${this.#events} events`,
    ].join("\n");
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function lines(title: string, counts: ReadonlyMap<string, number>): readonly string[] {
  if (counts.size === 0) return [];
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return [title, ...sorted.map(([what, n]) => `${String(n).padStart(10)}  ${what}`)];
}
