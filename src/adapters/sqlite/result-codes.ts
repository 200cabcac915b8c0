export const SQLITE_BUSY = 5;
export const SQLITE_FULL = 13;

/** SQLite's primary result code, or undefined when the error is not SQLite's. */
export function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return Number(error.errcode) & 0xff;
}
