export interface Row {
  readonly what: string;
  readonly figure: string;
  /** Lowest to highest of the runs, where there were several. */
  readonly spread?: string;
  readonly ratio?: string;
  readonly note?: string;
}

const COLUMNS = ["what", "figure", "spread", "ratio", "note"] as const;

/** In the form of a Markdown table, with a heading for each group. */
export function printTable(
  groups: readonly { readonly title: string; readonly rows: readonly Row[] }[],
): string {
  const lines: (readonly string[])[] = [
    ["what", "median", "min to max", "ratio", "note"],
    COLUMNS.map(() => "-"),
  ];
  for (const { title, rows } of groups) {
    lines.push([`**${title}**`, "", "", "", ""]);
    for (const row of rows) lines.push(COLUMNS.map((column) => row[column] ?? ""));
  }
  const widths = COLUMNS.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? "").length)));
  return lines
    .map((line) => `| ${line.map((cell, at) => pad(cell, widths[at] ?? 0)).join(" | ")} |`)
    .join("\n");
}

/** 12,345 */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function pad(cell: string, width: number): string {
  return cell === "-" ? "-".repeat(width) : cell.padEnd(width);
}
