import { Presets, SingleBar } from "cli-progress";

/** A bar on standard error where somebody looks at it; silent in scripts. */
export function progressBar(total: number, unit: string): Pick<SingleBar, "increment" | "stop"> {
  const bar = new SingleBar(
    { stream: process.stderr, noTTYOutput: false, format: `{bar} {value} of {total} ${unit}, {eta} s left` },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return bar;
}
