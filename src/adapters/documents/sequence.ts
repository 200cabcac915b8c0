import { ServiceError } from "../../errors.ts";

/** The place that a cursor stands for, where cursors are places in one sequence. */
export function sequenceOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new ServiceError("invalid_argument", "INVALID_PAGE_TOKEN", "the cursor is not one of this store's");
}
