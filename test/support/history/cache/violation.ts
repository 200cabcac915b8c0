import type { Violation } from "../operation.ts";
import type { CacheOperation } from "./operation.ts";

export type CacheViolation = Omit<Violation, "invariant"> & {
  readonly invariant: "C1" | "C2" | "C3" | "E1";
};

export function describe({ client, call, start, end }: CacheOperation): string {
  const value = "value" in call ? ` ${call.value}` : "";
  return `${client}'s ${call.method}${value} [${start}, ${end}]`;
}
