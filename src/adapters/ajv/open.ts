import type { DocumentValidator } from "../../ports/document-validator.ts";
import type { Request } from "./messages.ts";
import { type PoolSettings, WorkerPool } from "./pool.ts";

/** A validator over threads of its own; they start with the first job and stop with `close`. */
export function openDocumentValidator(settings: PoolSettings): DocumentValidator {
  const pool = new WorkerPool(settings);
  return {
    async check(schema, signal) {
      const reply = await pool.run({ kind: "check", schema }, signal);
      if (reply.kind !== "checked") throw unexpected("check", reply.kind);
      return reply.problems;
    },
    async validate(schema, documents, signal) {
      const request: Request = { kind: "validate", schema, documents: JSON.stringify(documents) };
      const reply = await pool.run(request, signal);
      if (reply.kind !== "validated") throw unexpected("validate", reply.kind);
      return reply.results;
    },
    close: () => pool.close(),
  };
}

function unexpected(asked: string, answered: string): Error {
  return new Error(`a validator thread answered ${answered} to ${asked}`);
}
