// Every wrong protocol, the case that shows it, and what has to be found there.
import { leases, loseFloor, silentOldCopy, steady } from "../scenarios.ts";
import type { PlantedCase, Scenario } from "../support/scenario.ts";
import { confirmInstallsIntoEmpty, fillLeavesTheFloor, helpersRevoke } from "./hot-rules.ts";
import {
  answersWhileBypassing,
  hitsWhileOpening,
  neverCheckedAgain,
  numberUsedAgain,
  silentWhileOpening,
  skipping,
  withoutHelp,
  withoutWaiting,
} from "./ports.ts";

export interface Planted {
  readonly name: string;
  readonly plant: PlantedCase;
  readonly scenario: Scenario;
  /** Names of violations, one of which must be found. */
  readonly expected: readonly string[];
  /** How many disturbances it takes at least; those with fewer are left out. */
  readonly from?: number;
}

/** The bug is in what one client does; everybody else's protocol is right. */
function onlyFor(client: string): PlantedCase {
  return { hot: (hot, caller) => (caller === client ? withoutHelp(hot) : hot) };
}

export const planted: readonly Planted[] = [
  {
    name: "CONFIRM installs into an empty entry",
    plant: { rules: confirmInstallsIntoEmpty },
    scenario: steady.loss,
    expected: ["stale"],
    from: 1,
  },
  {
    name: "STRONG read without help",
    plant: onlyFor("S1"),
    scenario: steady.hotKey,
    expected: ["inversion"],
  },
  {
    name: "ABORTED answer without help",
    plant: onlyFor("C1"),
    scenario: steady.refusal,
    expected: ["inversion"],
  },
  {
    name: "FAST reader without the lease answers without help",
    plant: onlyFor("F2"),
    scenario: steady.impatient,
    expected: ["inversion"],
    from: 5,
  },
  {
    name: "FILL does not raise the floor",
    plant: { rules: fillLeavesTheFloor },
    scenario: steady.lateFill,
    expected: ["inversion"],
    from: 1,
  },
  {
    name: "answer before the FILL answered",
    plant: { hot: withoutWaiting("fill") },
    scenario: steady.lateFill,
    expected: ["inversion"],
    from: 1,
  },
  {
    name: "acknowledgement before the CONFIRM answered",
    plant: { hot: withoutWaiting("confirm") },
    scenario: steady.hotKey,
    expected: ["stale"],
  },
  {
    name: "floor lost alone",
    plant: { faults: [loseFloor] },
    scenario: steady.help,
    expected: ["inversion", "stale"],
  },
  {
    name: "an old copy of H comes back in the same namespace",
    plant: { faults: silentOldCopy },
    scenario: steady.unnoticed,
    expected: ["stale"],
    from: 2,
  },
  {
    name: "helpers revoke the lease too",
    plant: { rules: helpersRevoke },
    scenario: steady.coldKey,
    expected: ["uncached"],
  },
  {
    name: "no wait in BYPASSING",
    plant: { durable: skipping("bypassing", "bypassed") },
    scenario: leases.failover,
    expected: ["stale"],
  },
  {
    name: "no wait in OPENING",
    plant: { durable: skipping("opening", "cached") },
    scenario: leases.opening,
    expected: ["stale"],
  },
  {
    name: "lease not checked after the answer",
    plant: { leases: neverCheckedAgain },
    scenario: leases.heldRead,
    expected: ["inversion"],
    from: 3,
  },
  {
    name: "answers from D alone in BYPASSING",
    plant: { leases: answersWhileBypassing },
    scenario: leases.failover,
    expected: ["stale"],
  },
  {
    name: "hits or fills in OPENING",
    plant: { leases: hitsWhileOpening },
    scenario: leases.opening,
    expected: ["stale"],
  },
  {
    name: "OPENING readers who do not confirm",
    plant: { hot: silentWhileOpening },
    scenario: leases.openingReaders,
    expected: ["inversion"],
    from: 4,
  },
  {
    name: "namespace used again",
    plant: { durable: numberUsedAgain },
    scenario: leases.outage,
    expected: ["stale"],
    from: 3,
  },
];
