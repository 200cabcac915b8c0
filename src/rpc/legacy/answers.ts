/** How the old contract answers what did not work, and what cannot be paged. */
import { ServiceError } from "../../errors.ts";

const REFUSALS: ReadonlySet<string> = new Set([
  ...["invalid_argument", "not_found", "already_exists", "aborted", "failed_precondition"],
]);
const LIMITS: ReadonlySet<string> = new Set(["TOO_LARGE", "TOO_COMPLEX", "LIMIT_REACHED"]);

/**
 * Why a request was refused, for an answer that has a place for it. Undefined for what is a failure of the service
 * or of a store, and has to be a status of gRPC.
 */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ServiceError) || error.applied !== "no") return undefined;
  return REFUSALS.has(error.kind) || LIMITS.has(error.reason) ? error.message : undefined;
}

/** The answer, or what `refused` makes of the reason why there is none. */
export async function orRefused<Answer>(
  answer: () => Promise<Answer>,
  refused: (reason: string) => Answer,
): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    return refused(reason);
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ServiceError && error.kind === "not_found";
}

/** An answer that is whole or none: its items are taken until they are more than a message may have. */
export class WholeAnswer {
  readonly #limit: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** `bytes`: of a field that is a message, a text or an entry of a map. */
  take(bytes: number): void {
    this.#bytes += fieldBytes(bytes);
    if (this.#bytes > this.#limit) {
      throw new ServiceError(
        "resource_exhausted",
        "TOO_LARGE",
        `the answer would have more than ${this.#limit} bytes; dbconn.v1 has pages for this`,
      );
    }
  }
}

/** An entry of a map<string, string>. */
export function mapEntryBytes(key: string, value: string): number {
  return textBytes(key) + textBytes(value);
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

function textBytes(text: string): number {
  return fieldBytes(byteLength(text));
}

/** With a tag of one byte and the length before it. */
function fieldBytes(length: number): number {
  let bytes = 2 + length;
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
