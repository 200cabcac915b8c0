import type { DescEnum } from "@bufbuild/protobuf";
import { type Duration, durationMs, type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

export const time = (timestamp: Timestamp | undefined): string =>
  timestamp === undefined ? "never" : moment.format(timestampDate(timestamp));

export const milliseconds = (duration: Duration | undefined): number | undefined =>
  duration === undefined ? undefined : durationMs(duration);

export const count = (value: number | bigint): string => value.toLocaleString();

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

export function bytes(value: number | bigint): string {
  let amount = Number(value);
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${UNITS[unit]}`;
}

/** `90 s`, `15 min`, `6 h`, `3 days`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** An enum value's name without its prefix, as words: `RELEASE_DELETED` is `release deleted`. */
export const words = (desc: DescEnum, value: number): string =>
  (desc.value[value]?.localName ?? String(value)).toLowerCase().replaceAll("_", " ");
