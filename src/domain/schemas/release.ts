import type { Dialect } from "../../dialect.ts";
import type { Json } from "../../json.ts";
import type { Body } from "./bodies.ts";
import type { ChangeClass, HeadRelease } from "./schema.ts";

export interface Release {
  readonly name: string;
  readonly number: number;
  /** Undefined in a basic view. */
  readonly document: Json | undefined;
  readonly sha256: string;
  readonly dialect: Dialect;
  readonly change: ChangeClass;
  /** Milliseconds since the epoch. */
  readonly createTime: number;
  readonly createdBy: string;
  readonly note: string;
}

export function toRelease(name: string, stored: HeadRelease, body: Body, view: "basic" | "full"): Release {
  return {
    name,
    number: stored.n,
    document: view === "full" ? (JSON.parse(body.text) as Json) : undefined,
    sha256: stored.h,
    dialect: stored.d,
    change: stored.c ?? undefined,
    createTime: stored.t,
    createdBy: body.createdBy,
    note: body.note,
  };
}
