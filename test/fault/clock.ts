/** The history's clock: milliseconds since the epoch with fractions, never going back, as `as_of` is told on it, too. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
