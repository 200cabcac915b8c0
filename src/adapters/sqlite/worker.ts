/** A worker thread: the writer (one, it owns the database) or a reader. Runs batches one after another. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { trimHeap } from "../../heap.ts";
import { lock } from "./lock.ts";
import type { Answer, Call, FromWorker, ToWorker, WorkerSettings } from "./protocol.ts";
import { reader } from "./reader.ts";
import { codeOf, SQLITE_BUSY, SQLITE_FULL } from "./result-codes.ts";
import { DATABASE_FILE, prepareSchema } from "./schema.ts";
import { Writer } from "./writer.ts";

interface Opened {
  readonly run: (calls: readonly Call[]) => FromWorker;
  readonly close: () => void;
}

function openWriter({ directory, collections }: WorkerSettings): Opened {
  const held = lock(directory);
  const database = new DatabaseSync(join(directory, DATABASE_FILE), { timeout: 1000 });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768");
  prepareSchema(database, collections);
  const writer = new Writer(database, collections);

  /** A batch is one transaction. A refused update writes nothing and a failed statement undoes only itself. */
  function run(calls: readonly Call[]): FromWorker {
    const before = writer.writes;
    const answers: Answer[] = [];
    // SQLite itself rolls back when the disk is full, for one: nothing of the batch was written then.
    const checkRollback = (answer: Answer): Answer => {
      if ("failure" in answer && !database.isTransaction) throw new RolledBack(answer.failure.message);
      return answer;
    };
    const flush = (): void =>
      writer.flush((update, cause) => {
        const at = calls.findIndex(({ takes }) => takes === update);
        answers[at] = checkRollback(failureOf(cause, false));
      });
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const call of calls) {
        if (call.name !== "update") flush();
        // Rows of an insertMany before the one that failed stay; every other call is one statement, or nothing.
        answers.push(checkRollback(answerTo(() => write(writer, call), call.name === "insertMany")));
      }
      flush();
      database.exec("COMMIT");
      return { type: "answers", answers, writes: writer.writes - before };
    } catch (error) {
      writer.forget();
      if (database.isTransaction) database.exec("ROLLBACK");
      // A commit that failed half-way may be found complete in the log after a crash, so this is no sure `no`.
      const maybeApplied = !(
        error instanceof RolledBack || [SQLITE_BUSY, SQLITE_FULL].includes(codeOf(error) ?? 0)
      );
      const failure = { kind: "unavailable", message: String(error), maybeApplied } as const;
      return { type: "answers", answers: calls.map(() => ({ failure })), writes: 0 };
    }
  }

  return {
    run,
    close: () => {
      database.close();
      held.close();
    },
  };
}

class RolledBack extends Error {}

function write(writer: Writer, call: Call): unknown {
  switch (call.name) {
    case "update":
      return writer.update((call as Call<"update">).takes);
    case "insertMany":
      return writer.insertMany((call as Call<"insertMany">).takes);
    case "deleteMany":
      return writer.deleteMany((call as Call<"deleteMany">).takes);
    default:
      throw new Error(`the writer has no call ${call.name}`);
  }
}

function openReader({ directory, collections }: WorkerSettings): Opened {
  const database = new DatabaseSync(join(directory, DATABASE_FILE), { readOnly: true, timeout: 1000 });
  const calls = reader(database, collections) as unknown as Record<string, (takes: unknown) => unknown>;
  return {
    run: (batch) => ({
      type: "answers",
      answers: batch.map((call) => answerTo(() => calls[call.name]?.(call.takes), false)),
      writes: 0,
    }),
    close: () => database.close(),
  };
}

function answerTo(run: () => unknown, maybeApplied: boolean): Answer {
  try {
    return { answer: run() } as Answer;
  } catch (error) {
    return failureOf(error, maybeApplied);
  }
}

function failureOf(error: unknown, maybeApplied: boolean): Answer {
  const kind = codeOf(error) === undefined ? "internal" : "unavailable";
  return { failure: { kind, message: String(error), maybeApplied } };
}

async function main(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("this file is a worker thread's");
  const settings = workerData as WorkerSettings;
  const say = (message: FromWorker) => port.postMessage(message);
  let opened: Opened;
  try {
    opened = settings.role === "writer" ? openWriter(settings) : openReader(settings);
  } catch (error) {
    say({ type: "refused", message: error instanceof Error ? error.message : String(error) });
    port.close();
    return;
  }
  port.on("message", (message: ToWorker) => {
    if (message.type === "batch") return say(opened.run(message.calls));
    opened.close();
    port.close();
  });
  await trimHeap();
  say({ type: "opened" });
}

await main();
