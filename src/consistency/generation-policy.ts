/**
 * What an instance does next about the generation, as a pure function of what it sees. The steward
 * (generation.ts) looks, asks this, and acts.
 */
import type { GenerationMode, GenerationView } from "./generation-document.ts";

/** The hot store as this instance knows it. */
export type HotHealth =
  | { readonly state: "unknown" }
  | { readonly state: "reachable"; readonly identity: string }
  /** `since`: on the monotonic clock. */
  | { readonly state: "unreachable"; readonly since: number };

/** Another instance, by its reports. Times on this instance's monotonic clock. */
export interface Peer {
  readonly hot: boolean;
  /** When its latest beat was first seen here. */
  readonly beatSeenAt: number;
}

export interface Situation {
  readonly view: GenerationView;
  /** When this number and mode were first seen here: not before they were committed. */
  readonly viewSince: number;
  readonly now: number;
  readonly hot: HotHealth;
  readonly hotShared: boolean;
  readonly peers: readonly Peer[];
  /** How long a lease lives: the longest that somebody may act on an earlier mode. 0 when there can be nobody else. */
  readonly leaseMs: number;
  /** For clocks that run at slightly different speeds. */
  readonly marginMs: number;
  /** Not before this moment is the hot store tried again. */
  readonly reopenAt: number;
}

export interface Step {
  readonly mode: GenerationMode;
  readonly number: number;
  readonly identity: string;
  readonly reason: string;
}

/** A peer that has not shown life for this many lease times does not count. */
const LIVE_LEASES = 3;

function livePeers(s: Situation): readonly Peer[] {
  return s.peers.filter((peer) => s.now - peer.beatSeenAt <= LIVE_LEASES * s.leaseMs);
}

/**
 * Cut off alone: the hot store is away for this instance while a peer that has reported since says that it has
 * it. Such an instance must not take the others into a bypass.
 */
export function isIsolated(s: Situation): boolean {
  const { hot } = s;
  if (hot.state !== "unreachable" || (s.view.mode !== "cached" && s.view.mode !== "opening")) return false;
  return livePeers(s).some((peer) => peer.hot && peer.beatSeenAt > hot.since + s.leaseMs);
}

/** Whether some live peer's last word is that it has the hot store. */
function peerHasHot(s: Situation): boolean {
  return livePeers(s).some((peer) => peer.hot);
}

/** The step to take now, or undefined to leave things as they are. */
export function nextStep(s: Situation): Step | undefined {
  const { view, hot } = s;
  const keep = { number: view.number, identity: view.identity };
  const waited = s.now - s.viewSince >= (s.leaseMs === 0 ? 0 : s.leaseMs + s.marginMs);
  const lost =
    hot.state === "unreachable"
      ? "the hot store cannot be reached"
      : hot.state === "reachable" && hot.identity !== view.identity
        ? "the hot store is another one than before"
        : undefined;
  const crowded = !s.hotShared && livePeers(s).length > 0;
  switch (view.mode) {
    case "cached":
      if (crowded) return { ...keep, mode: "bypassing", reason: CROWDED };
      if (lost === undefined || (hot.state === "unreachable" && peerHasHot(s))) return undefined;
      return { ...keep, mode: "bypassing", reason: lost };
    case "bypassing":
      return waited ? { ...keep, mode: "bypassed", reason: view.reason } : undefined;
    case "bypassed":
      // Whatever it began with, this is why it lasts.
      if (crowded && view.reason !== CROWDED) return { ...keep, mode: "bypassed", reason: CROWDED };
      if (hot.state !== "reachable" || crowded || s.now < s.reopenAt) return undefined;
      return {
        mode: "opening",
        number: view.number + 1,
        identity: hot.identity,
        reason: "opening a clean generation",
      };
    case "opening":
      if (crowded) return { ...keep, mode: "bypassed", reason: CROWDED };
      if (lost !== undefined && !(hot.state === "unreachable" && peerHasHot(s))) {
        return { ...keep, mode: "bypassed", reason: lost };
      }
      return waited && hot.state === "reachable" ? { ...keep, mode: "cached", reason: "" } : undefined;
  }
}

const CROWDED = "several instances share the durable store, and the embedded hot store cannot be shared";
