import { ServiceError } from "../../errors.ts";
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
    check: (schema) => answered(() => judge.check(schema)),
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
