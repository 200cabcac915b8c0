import { Counter, type Registry } from "prom-client";

export interface TalliesOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
}

/** The count under one combination of labels. */
export interface Tally {
  count: number;
}

/** A counter of prom-client's that is cheap to add to, as `Durations` are: the labels are looked at once for a tally. */
export class Tallies<Label extends string> {
  readonly #tallies = new Map<string, Tally & { readonly labels: Readonly<Record<Label, string>> }>();
  readonly #labelNames: readonly Label[];

  constructor({ name, help, labelNames }: TalliesOptions<Label>, registry: Registry) {
    this.#labelNames = labelNames;
    const tallies = this.#tallies;
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, count } of tallies.values()) this.inc(labels, count);
      },
    });
  }

  /** Always the same for the same labels. It is shown from then on, from zero, so that the first of its kind is an increase. */
  tally(labels: Readonly<Record<Label, string>>): Tally {
    const id = JSON.stringify(this.#labelNames.map((name) => labels[name]));
    let tally = this.#tallies.get(id);
    if (tally === undefined) {
      tally = { labels: { ...labels }, count: 0 };
      this.#tallies.set(id, tally);
    }
    return tally;
  }
}
