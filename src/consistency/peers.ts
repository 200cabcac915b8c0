/** The other instances, by their reports in the generation document. */
import type { GenerationView } from "./generation-document.ts";
import type { Peer } from "./generation-policy.ts";

export class Peers {
  readonly #self: string;
  readonly #peers = new Map<string, Peer & { readonly beat: number }>();

  constructor(self: string) {
    this.#self = self;
  }

  /** Takes in what a view says; a beat counts from when it is first seen, on this process's own clock. */
  observe(view: GenerationView, now: number): void {
    for (const [id, report] of view.instances) {
      if (id === this.#self || this.#peers.get(id)?.beat === report.beat) continue;
      this.#peers.set(id, { ...report, beatSeenAt: now });
    }
    for (const id of this.#peers.keys()) if (!view.instances.has(id)) this.#peers.delete(id);
  }

  get all(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** Those that have not shown life for so long, with their last beat. */
  silentFor(ms: number, now: number): readonly (readonly [id: string, beat: number])[] {
    return [...this.#peers].filter(([, p]) => now - p.beatSeenAt >= ms).map(([id, p]) => [id, p.beat]);
  }
}
