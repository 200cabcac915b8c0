import type { DocumentValidator } from "../../ports/document-validator.ts";
import type { SchemaComparer } from "../../ports/schema-comparer.ts";
import type { Reply, Request } from "./messages.ts";
import { type PoolSettings, WorkerPool } from "./pool.ts";

/** Both ports over threads of their own; they start with the first job and stop with `close`. */
export function openSchemaThreads(settings: PoolSettings): DocumentValidator & SchemaComparer {
  const pool = new WorkerPool(settings);
  const run = async <Kind extends Reply["kind"]>(request: Request, expected: Kind, signal?: AbortSignal) => {
    const reply = await pool.run(request, signal);
    if (!isOf(expected, reply)) throw new Error(`a thread answered ${reply.kind} to ${request.kind}`);
    return reply;
  };
  return {
    async check(schema, signal) {
      return (await run({ kind: "check", schema }, "checked", signal)).checked;
    },
    async validate(schema, documents, signal) {
      const request: Request = { kind: "validate", schema, documents: JSON.stringify(documents) };
      return (await run(request, "validated", signal)).results;
    },
    async judge(older, newer, wanted, signal) {
      return (await run({ kind: "judge", older, newer, wanted }, "judged", signal)).judgement;
    },
    async explain(older, newer, signal) {
      return (await run({ kind: "explain", older, newer }, "explained", signal)).explanation;
    },
    close: () => pool.close(),
  };
}

function isOf<Kind extends Reply["kind"]>(kind: Kind, reply: Reply): reply is Extract<Reply, { kind: Kind }> {
  return reply.kind === kind;
}
