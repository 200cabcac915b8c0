// What became of every document, counted and told.

export type Kind = "schemas" | "tasks";

/** `new`: written (or to be, in a dry run). `there`: written before, or changed since by a client. */
export type Outcome = "new" | "there" | "unread";

const PROGRESS_EVERY = 500;

export class Report {
  readonly #counts: Record<Kind, Record<Outcome, number>> = {
    schemas: { new: 0, there: 0, unread: 0 },
    tasks: { new: 0, there: 0, unread: 0 },
  };
  /** Each once: what is tried again says the same again. */
  readonly #notes = new Set<string>();
  readonly #say: (line: string) => void;
  #seen = 0;
  #problems = 0;

  /** `say` takes lines of progress. */
  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  count(kind: Kind, outcome: Outcome): void {
    this.#counts[kind][outcome]++;
    if (++this.#seen % PROGRESS_EVERY === 0) this.#say(this.#line());
  }

  /** A document that stays behind. */
  problem(at: string, why: string): void {
    this.#problems++;
    this.#notes.add(`not migrated: ${at}: ${why}`);
  }

  note(text: string): void {
    this.#notes.add(text);
  }

  get problems(): number {
    return this.#problems;
  }

  lines(dryRun: boolean): readonly string[] {
    const table = (["schemas", "tasks"] as const).map((kind) => {
      const { new: made, there, unread } = this.#counts[kind];
      return `${kind}: ${made} ${dryRun ? "to be migrated" : "migrated"}, ${there} there already, ${unread} not migrated`;
    });
    return [...this.#notes, ...table];
  }

  #line(): string {
    const { schemas, tasks } = this.#counts;
    const sum = (counts: Record<Outcome, number>) => counts.new + counts.there + counts.unread;
    return `${sum(schemas)} schemas, ${sum(tasks)} tasks`;
  }
}
