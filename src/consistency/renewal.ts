/**
 * How an instance asks for its lease. To read the generation document is enough for that, as long as the durable store
 * answers with the latest one; a write, which costs more and makes the instances wait for each other, is due when
 * there is something to say.
 */
import type { Document, DurableStore } from "../ports/durable-store.ts";
import {
  CONTROL,
  GENERATION_KEY,
  type GenerationView,
  type InstanceReport,
  renewal,
} from "./generation-document.ts";

/** Of a lease. Others take an instance for gone when it has not shown life for some of them. */
const REPORT_EVERY = 0.75;

export class Renewal {
  readonly #durable: DurableStore;
  readonly #instance: string;
  readonly #leaseMs: number;
  #beat = 0;
  #reported: { readonly hot: boolean; readonly at: number } | undefined;

  constructor(durable: DurableStore, instance: string, leaseMs: number) {
    this.#durable = durable;
    this.#instance = instance;
    this.#leaseMs = leaseMs;
  }

  /** Of the last report. */
  get beat(): number {
    return this.#beat;
  }

  report(hot: boolean): InstanceReport {
    return { beat: ++this.#beat, hot };
  }

  /**
   * The document as it was at a moment after the call; undefined where there is none. `view`: the last one seen; `now`:
   * on the monotonic clock.
   */
  async ask(
    about: { readonly hot: boolean; readonly view: GenerationView | undefined; readonly now: number },
    signal: AbortSignal,
  ): Promise<Document | undefined> {
    const { hot, view, now } = about;
    const said = this.#reported;
    const isKnown = said?.hot === hot && view?.instances.has(this.#instance);
    if (isKnown && now - said.at < this.#leaseMs * REPORT_EVERY)
      return this.#durable.get(CONTROL.name, GENERATION_KEY, { signal });
    const { outcome, document } = await this.#durable.update(
      renewal(this.#instance, this.report(hot)),
      signal,
    );
    if (outcome !== "applied") return undefined;
    this.#reported = { hot, at: now };
    return document;
  }
}
