import { canonicalJson, sha256Hex } from "../../canonical.ts";
import { ServiceError } from "../../errors.ts";
import type { Json } from "../../json.ts";
import type { DocumentValidator } from "../../ports/document-validator.ts";
import { Judge } from "./judge.ts";

/** The validator without threads and their limits, for what runs in a thread already. */
export function validatorInProcess(): DocumentValidator {
  const judge = new Judge();
  const answered = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      throw error instanceof RangeError ? tooComplex() : error;
    }
  };
  return {
    check: ({ text, dialect }) =>
      answered(() => {
        // Here, since to write out and hash a large document would keep the event loop's calls waiting.
        const sha256 = sha256Hex(canonicalJson(JSON.parse(text) as Json));
        return { sha256, problems: judge.check({ text, dialect, sha256 }) };
      }),
    validate: (schema, documents) => answered(() => judge.validate(schema, documents)),
    close: async () => undefined,
  };
}

/** The time, the memory or the stack did not suffice. */
export function tooComplex(): ServiceError {
  const message = "judging this takes more time or memory than one call may have";
  return new ServiceError("resource_exhausted", "TOO_COMPLEX", message);
}

export function isTooComplex(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === "TOO_COMPLEX";
}
