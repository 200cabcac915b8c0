/** The thread that a pool starts: one job after the other, each answered by one message. */
import { parentPort } from "node:worker_threads";
import type { Json } from "../../json.ts";
import { Judge } from "./judge.ts";
import type { Reply, Request } from "./messages.ts";

const judge = new Judge();

function answer(request: Request): Reply {
  try {
    if (request.kind === "check") return { kind: "checked", problems: judge.check(request.schema) };
    const documents = JSON.parse(request.documents) as readonly Json[];
    return { kind: "validated", results: judge.validate(request.schema, documents) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: "too_complex" };
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

function send(reply: Reply): void {
  parentPort?.postMessage(reply);
}

parentPort?.on("message", (request: Request) => send(answer(request)));
send({ kind: "ready" });
