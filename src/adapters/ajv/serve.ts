/** What a thread does: one job after the other, each answered by one message. */
import { parentPort } from "node:worker_threads";
import type { Json } from "../../json.ts";
import type { DocumentValidator } from "../../ports/document-validator.ts";
import type { SchemaComparer } from "../../ports/schema-comparer.ts";
import { isTooComplex, validatorInProcess } from "./in-process.ts";
import type { Reply, Request } from "./messages.ts";

/** For the module that a thread starts with, which knows how schemas are compared. Called once. */
export function serveJobs(createComparer: (validator: DocumentValidator) => SchemaComparer): void {
  const validator = validatorInProcess();
  const comparer = createComparer(validator);
  const send = (reply: Reply) => parentPort?.postMessage(reply);
  parentPort?.on("message", async (request: Request) => send(await answer(validator, comparer, request)));
  send({ kind: "ready" });
}

async function answer(
  validator: DocumentValidator,
  comparer: SchemaComparer,
  request: Request,
): Promise<Reply> {
  try {
    switch (request.kind) {
      case "check":
        return { kind: "checked", checked: await validator.check(request.schema) };
      case "validate": {
        const documents = JSON.parse(request.documents) as readonly Json[];
        return { kind: "validated", results: await validator.validate(request.schema, documents) };
      }
      case "judge": {
        const { older, newer, wanted } = request;
        return { kind: "judged", judgement: await comparer.judge(older, newer, wanted) };
      }
      case "explain":
        return { kind: "explained", explanation: await comparer.explain(request.older, request.newer) };
    }
  } catch (error) {
    if (isTooComplex(error) || error instanceof RangeError) return { kind: "too_complex" };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
