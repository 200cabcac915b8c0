// Wrong things to do to an entry of the hot store.
import type { HotEntry } from "../../../src/adapters/memory/entry.ts";
import { type HotRules, soundRules } from "../../support/virtual/hot-server.ts";

/** CONFIRM fills an entry that has no value. */
export const confirmInstallsIntoEmpty: HotRules = {
  ...soundRules,
  confirm: (entry, versioned, now) => {
    const { value, revision, ttlMs } = versioned;
    const step = soundRules.confirm(entry, versioned, now);
    if (step.entry === undefined || step.entry.value !== undefined || revision < step.entry.floor)
      return step;
    return { ...step, entry: { ...step.entry, value, revision, expiresAt: now + ttlMs } };
  },
};

/** FILL stores, and leaves the floor as it was; refused, it leaves everything as it was. */
export const fillLeavesTheFloor: HotRules = {
  ...soundRules,
  fill: (entry, token, versioned, now) => {
    const { entry: next, answer } = soundRules.fill(entry, token, versioned, now);
    if (answer === "refused" || next === undefined) return { entry: undefined, answer };
    return { entry: { ...next, floor: entry?.floor ?? 0 }, answer };
  },
};

/** Whoever helps ends the fill lease too. */
export const helpersRevoke: HotRules = {
  ...soundRules,
  raise: (entry, revision, now) => {
    const step = soundRules.raise(entry, revision, now);
    const next: HotEntry | undefined = step.entry && { ...step.entry, lease: undefined };
    return { ...step, entry: next };
  },
};
