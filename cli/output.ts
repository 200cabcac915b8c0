import { createRegistry, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";

/** The details of a refused item. */
const registry = createRegistry(ErrorInfoSchema, BadRequestSchema, RetryInfoSchema);

/** For scripts: one JSON text on a line. */
export function printJson<Desc extends DescMessage>(desc: Desc, message: MessageShape<Desc>): void {
  print(JSON.stringify(toJson(desc, message, { registry })));
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** For people: columns as wide as what is in them. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    print(
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
}

/** For people: one thing, a fact a line; empty facts are left out. */
export function printFacts(facts: readonly (readonly [name: string, text: string])[]): void {
  const told = facts.filter(([, text]) => text !== "");
  const width = Math.max(...told.map(([name]) => name.length));
  for (const [name, text] of told) print(`${name.padEnd(width)}  ${text}`);
}

export const time = (timestamp: Timestamp | undefined): string =>
  timestamp === undefined ? "" : timestampDate(timestamp).toISOString();

export const pretty = (json: unknown): string => JSON.stringify(json, null, 2);
