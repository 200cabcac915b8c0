/** A line of the last values, with the newest one in words. */
export function Plot(props: {
  readonly label: string;
  /** Oldest first; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[];
  readonly unit: string;
  readonly highest?: number;
}) {
  const { label, values, unit } = props;
  const known = values.filter((value) => value !== undefined);
  const highest = props.highest ?? Math.max(1, ...known);
  const newest = values.at(-1);
  const points = values.flatMap((value, index) =>
    value === undefined
      ? []
      : [`${(index / Math.max(1, values.length - 1)) * 100},${38 - (value / highest) * 36}`],
  );
  const text = newest === undefined ? "no figure" : `${newest.toFixed(2)} ${unit}`;
  return (
    <figure class="plot">
      <figcaption>
        {label}: <strong>{text}</strong>{" "}
        <span class="note">
          highest {highest.toFixed(2)} {unit}
        </span>
      </figcaption>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={`${label}, now ${text}`}>
        <polyline points={points.join(" ")} vector-effect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}
