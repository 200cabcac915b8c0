/** Who holds which slot, out of what the servers of a cluster answer to CLUSTER NODES. */
import { createHash } from "node:crypto";
import { SLOTS } from "./slot.ts";

/** A master that holds slots. */
export interface MasterFacts {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

export interface Topology {
  /** In an order in which a scan meets each entry: those that slots are moving to come last. */
  readonly masters: readonly MasterFacts[];
  /** By slot, the id of its master; undefined where it has none. */
  readonly owners: readonly (string | undefined)[];
  /** Changes whenever an entry may have moved from one master to another. */
  readonly fingerprint: string;
  /** False while slots move in a way in which no order of the masters is safe. */
  readonly ordered: boolean;
}

/** What one server said, and where it was asked. */
export interface View {
  readonly nodes: string;
  readonly host: string;
}

interface Claim extends MasterFacts {
  readonly epoch: number;
  readonly ranges: readonly (readonly [from: number, to: number])[];
  /** Slots that move away, and that move here; known of the server itself alone. */
  readonly leaving: readonly string[];
  readonly coming: readonly string[];
}

/** Where the servers differ, the later epoch is right, and each knows best of itself. */
export function readTopology(views: readonly View[]): Topology {
  const claims = new Map<string, Claim>();
  const lines = views.flatMap(({ nodes, host }) => nodes.split("\n").map((line) => ({ line, host })));
  const own = lines.filter(({ line }) => / (?:\S+,)?myself[, ]/.test(line));
  for (const { line, host } of [...lines, ...own]) {
    const claim = claimOf(line, host);
    const known = claim === undefined ? undefined : claims.get(claim.id);
    if (claim !== undefined && (known === undefined || claim.epoch >= known.epoch))
      claims.set(claim.id, claim);
  }
  const byEpoch = [...claims.values()].toSorted((a, b) => a.epoch - b.epoch);
  const owners = new Array<string | undefined>(SLOTS).fill(undefined);
  for (const { id, ranges } of byEpoch) for (const [from, to] of ranges) owners.fill(id, from, to + 1);
  const holding = new Set(owners);
  const masters = byEpoch
    .filter(({ id }) => holding.has(id))
    .toSorted((a, b) => a.coming.length - b.coming.length || (a.id < b.id ? -1 : 1));
  const facts = masters.map(({ id, ranges, leaving, coming }) => [id, ranges, leaving, coming]);
  return {
    masters: masters.map(({ id, host, port }) => ({ id, host, port })),
    owners,
    fingerprint: createHash("sha256").update(JSON.stringify(facts)).digest("base64url").slice(0, 16),
    ordered: masters.every(({ leaving, coming }) => leaving.length === 0 || coming.length === 0),
  };
}

/** `id ip:port@bus,name flags master ping pong epoch link slots...`; undefined for a line that is no master's. */
function claimOf(line: string, askedAt: string): Claim | undefined {
  const [id, address, flags, , , , epoch, , ...slots] = line.trim().split(" ");
  const [, host, port] = /^(.*):(\d+)(?:@\d+)?(?:,.*)?$/.exec(address ?? "") ?? [];
  if (id === undefined || host === undefined || !flags?.split(",").includes("master")) return undefined;
  const ranges = slots.flatMap((slot) => {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(slot) ?? [];
    return from === undefined ? [] : [[Number(from), Number(to)] as const];
  });
  return {
    id,
    // A server that was never told its own address is where it was asked.
    host: host === "" ? askedAt : host,
    port: Number(port),
    epoch: Number(epoch),
    ranges,
    leaving: slots.filter((slot) => slot.includes("->-")),
    coming: slots.filter((slot) => slot.includes("-<-")),
  };
}
