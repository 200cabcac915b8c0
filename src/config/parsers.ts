/** How a setting is written. Each parser says what it takes and throws for all else. */
import { EnvError, makeExactValidator } from "envalid";

/** A setting with a default holds it as text too, the way that a user would write it. */
function setting<T>(takes: string, text: string, parse: (text: string) => T) {
  return makeExactValidator(parse)({ default: parse(text) as NonNullable<T>, desc: takes, example: text });
}

/** A setting that may be left out. */
function optional<T>(takes: string, parse: (text: string) => T) {
  return makeExactValidator(parse)({ default: undefined, desc: takes });
}

/** Text of a form that `pattern` describes. */
export function text(takes: string, pattern: RegExp, standard: string) {
  return setting(takes, standard, matching(pattern));
}

export function optionalText(takes: string, pattern: RegExp) {
  return optional(takes, matching(pattern));
}

export function choice<const T extends string>(choices: readonly T[], standard: NoInfer<T>) {
  return setting(`one of ${choices.join(", ")}`, standard, (value): T => {
    const chosen = choices.find((known) => known === value);
    if (chosen === undefined) throw new EnvError();
    return chosen;
  });
}

export function flag(standard: boolean) {
  return setting("true or false", String(standard), (value) => {
    if (value !== "true" && value !== "false") throw new EnvError();
    return value === "true";
  });
}

export function wholeNumber(min: number, max: number, standard: number) {
  return setting(`a whole number from ${min} to ${max}`, String(standard), wholeNumberIn(min, max));
}

/** `auto`: as many as the machine has cores, counted where the setting is used. */
export function wholeNumberOrAuto(min: number, max: number, standard: number) {
  const number = wholeNumberIn(min, max);
  return setting(
    `auto, or a whole number from ${min} to ${max}`,
    String(standard),
    (value): number | "auto" => (value === "auto" ? value : number(value)),
  );
}

export function optionalWholeNumber(min: number, max: number) {
  return optional(`a whole number from ${min} to ${max}`, wholeNumberIn(min, max));
}

/** A span of time, in milliseconds once parsed. */
export function duration(min: string, max: string, standard: string) {
  return setting(
    `a duration from ${min} to ${max}, such as 500ms, 30s, 15m, 6h, 7d or 45 (seconds)`,
    standard,
    durationIn(min, max),
  );
}

export function optionalDuration(min: string, max: string) {
  return optional(
    `a duration from ${min} to ${max}, such as 12h, 90d; unset is for ever`,
    durationIn(min, max),
  );
}

/** An amount of memory, in bytes once parsed. */
export function size(min: string, max: string, standard: string) {
  return setting(
    `a size from ${min} to ${max}, such as 65536 (bytes), 512KiB, 64MiB or 2GiB`,
    standard,
    (value) => within(bytes(value), bytes(min), bytes(max)),
  );
}

/** Items parted by commas; none when empty. */
export function list(takes: string, isItem: (item: string) => boolean) {
  return setting(takes, "", (value): readonly string[] => {
    const items = value.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
    if (!items.every(isItem)) throw new EnvError();
    return items;
  });
}

function matching(pattern: RegExp): (value: string) => string {
  return (value) => {
    if (!pattern.test(value)) throw new EnvError();
    return value;
  };
}

function wholeNumberIn(min: number, max: number): (value: string) => number {
  return (value) => {
    if (!/^\d{1,15}$/.test(value)) throw new EnvError();
    return within(Number(value), min, max);
  };
}

function durationIn(min: string, max: string): (value: string) => number {
  return (value) => within(milliseconds(value), milliseconds(min), milliseconds(max));
}

function milliseconds(value: string): number {
  return scaled(value, /^(\d{1,10})(ms|s|m|h|d|)$/, {
    ms: 1,
    s: 1000,
    "": 1000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
  });
}

function bytes(value: string): number {
  return scaled(value, /^(\d{1,15})(KiB|MiB|GiB|)$/, { "": 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 });
}

function scaled(value: string, form: RegExp, units: Readonly<Record<string, number>>): number {
  const [, digits, unit] = form.exec(value) ?? [];
  const scale = unit === undefined ? undefined : units[unit];
  if (digits === undefined || scale === undefined) throw new EnvError();
  return Number(digits) * scale;
}

function within(value: number, min: number, max: number): number {
  if (value < min || value > max) throw new EnvError();
  return value;
}
