import type { Histogram, Registry } from "prom-client";

export interface DurationsOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  /** Seconds, ascending: the upper bounds. */
  readonly buckets: readonly number[];
  readonly labelNames: readonly Label[];
}

/** The durations under one combination of labels. */
export interface Series {
  observe(seconds: number): void;
}

/**
 * A histogram of prom-client's registry that is cheap to add to: a call has two or three durations, and prom-client checks
 * and joins the labels of each anew. Here that is done once for a series, which its user holds on to.
 */
export class Durations<Label extends string> {
  readonly type = "histogram";
  readonly aggregator = "sum";
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #labelNames: readonly Label[];
  readonly #series = new Map<string, Counts>();

  constructor({ name, help, buckets, labelNames }: DurationsOptions<Label>, registry: Registry) {
    this.name = name;
    this.help = help;
    this.#bounds = buckets;
    this.#labelNames = labelNames;
    // Of what it names a histogram, the registry calls no more than what stands here.
    registry.registerMetric(this as unknown as Histogram);
  }

  /** Always the same for the same labels. It is shown once it holds a duration. */
  series(labels: Readonly<Record<Label, string>>): Series {
    const id = JSON.stringify(this.#labelNames.map((name) => labels[name]));
    let series = this.#series.get(id);
    if (series === undefined) {
      series = new Counts(labels, this.#bounds);
      this.#series.set(id, series);
    }
    return series;
  }

  reset(): void {
    for (const series of this.#series.values()) series.reset();
  }

  async get() {
    const { name, help, type, aggregator } = this;
    const shown = [...this.#series.values()].filter(({ count }) => count > 0);
    return { name, help, type, aggregator, values: shown.flatMap((series) => series.values(name)) };
  }
}

class Counts implements Series {
  count = 0;
  #sum = 0;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #bounds: readonly number[];
  /** Of the durations within each bound and above the one before. */
  readonly #within: Float64Array;

  constructor(labels: Readonly<Record<string, string>>, bounds: readonly number[]) {
    this.#labels = { ...labels };
    this.#bounds = bounds;
    this.#within = new Float64Array(bounds.length + 1);
  }

  observe(seconds: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at++;
    this.#within[at] = (this.#within[at] ?? 0) + 1;
    this.#sum += seconds;
    this.count += 1;
  }

  reset(): void {
    this.count = 0;
    this.#sum = 0;
    this.#within.fill(0);
  }

  values(name: string) {
    let below = 0;
    const buckets = this.#bounds.map((le, at) => {
      below += this.#within[at] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...this.#labels }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: "+Inf", ...this.#labels }, value: this.count },
      { metricName: `${name}_sum`, labels: { ...this.#labels }, value: this.#sum },
      { metricName: `${name}_count`, labels: { ...this.#labels }, value: this.count },
    ];
  }
}
