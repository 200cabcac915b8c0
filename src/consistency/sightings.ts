/** The generation document as this instance saw it last, and since when. */
import type { Document } from "../ports/durable-store.ts";
import { type GenerationView, readView } from "./generation-document.ts";
import { Backoff } from "./pacing.ts";

/** A generation that was left sooner than this was opened too early: the next one waits longer. */
const FLAPPING_MS = 5_000;

export class Sightings {
  readonly #reopening = new Backoff();
  #view: GenerationView | undefined;
  #since = 0;
  /** Whether this process found the mode as it was: how long it lasted before is not known. */
  #found = true;
  #revision = 0;

  /** Undefined before the first one. */
  get view(): GenerationView | undefined {
    return this.#view;
  }

  /** When the view's number and mode were first seen; on the monotonic clock. */
  get since(): number {
    return this.#since;
  }

  /** Not before this moment is the hot store tried again. */
  get reopenAt(): number {
    return this.#reopening.until;
  }

  /** The document was wiped under a running process: its revisions begin anew. */
  beginAnew(): void {
    this.#revision = 0;
  }

  /** `changed`: in number or mode. `overtaken`: a later document was seen before, and nothing is taken from this one. */
  observe(document: Document, now: number): "changed" | "same" | "overtaken" {
    if (document.revision < this.#revision) return "overtaken";
    this.#revision = document.revision;
    const view = readView(document);
    const before = this.#view;
    this.#view = view;
    if (before?.number === view.number && before.mode === view.mode) return "same";
    const lastedMs = this.#found ? Number.POSITIVE_INFINITY : now - this.#since;
    this.#since = now;
    this.#found = before === undefined;
    if (before?.mode === "cached" && lastedMs >= FLAPPING_MS) this.#reopening.succeeded();
    else if (before?.mode === "cached") this.#reopening.failed(now);
    if (before?.mode === "opening" && view.mode === "bypassed") this.#reopening.failed(now);
    return "changed";
  }
}
