/**
 * Stateless model checking by replay: a run is a list of choices; every run starts from nothing and follows the choices of
 * the one before up to the last that has an alternative. A state that was met before is not gone on from.
 */
import type { Violation } from "../../support/history/operation.ts";

export interface Move {
  readonly label: string;
  apply(): Promise<void>;
}

/** One world, from its beginning. */
export interface Run {
  /** What may happen next, in an order that depends on the state alone; none: the run is over. */
  moves(): readonly Move[];
  /** Equal for states with the same future. */
  digest(): number;
  /** Of what has happened so far; `over`: nothing can happen any more. */
  violations(over: boolean): readonly Violation[];
}

export interface Limits {
  readonly runs: number;
  readonly states?: number;
  /** Stop at the first violation. */
  readonly untilViolation?: boolean;
}

export interface Found {
  readonly violation: Violation;
  /** The interleaving that leads to it. */
  readonly path: readonly string[];
}

export interface Explored {
  readonly runs: number;
  readonly states: number;
  /** Whether everything was explored within the limits. */
  readonly complete: boolean;
  /** The first interleaving for each kind of violation. */
  readonly found: readonly Found[];
}

export async function explore(open: () => Promise<Run>, limits: Limits): Promise<Explored> {
  const path: { choice: number; readonly width: number }[] = [];
  const seen = new Set<number>();
  const found = new Map<string, Found>();
  const result = (runs: number, complete: boolean): Explored => ({
    runs,
    states: seen.size,
    complete,
    found: [...found.values()],
  });
  for (let runs = 1; ; runs++) {
    const run = await open();
    const labels: string[] = [];
    let over = false;
    for (let depth = 0; ; depth++) {
      const moves = run.moves();
      over = moves.length === 0;
      if (over) break;
      if (depth === path.length) {
        const digest = run.digest();
        if (seen.has(digest)) break;
        seen.add(digest);
        path.push({ choice: 0, width: moves.length });
      }
      const move = moves[path[depth]?.choice ?? 0];
      if (move === undefined || moves.length !== path[depth]?.width) {
        throw new Error(`the run is not deterministic after: ${labels.join("; ")}`);
      }
      labels.push(move.label);
      await move.apply();
    }
    for (const violation of run.violations(over)) {
      const kind = `${violation.invariant} ${violation.name}`;
      if (!found.has(kind)) found.set(kind, { violation, path: labels });
    }
    if (limits.untilViolation && found.size > 0) return result(runs, false);
    for (let last = path.at(-1); last !== undefined && ++last.choice >= last.width; last = path.at(-1))
      path.pop();
    if (path.length === 0) return result(runs, true);
    if (runs >= limits.runs || seen.size >= (limits.states ?? Number.POSITIVE_INFINITY))
      return result(runs, false);
  }
}
