/** The revisions that a client has seen: it never reads anything older, on whichever instance. */
import { type DescMessage, isMessage, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type Schema, SchemaSchema } from "../../../gen/dbconn/v1/schema_pb.ts";
import {
  DeleteTaskRequestSchema,
  DeleteTaskResponseSchema,
  type Task,
  TaskSchema,
} from "../../../gen/dbconn/v1/task_pb.ts";

/** Objects that are remembered, those used last. */
const REMEMBERED = 10_000;
const MIN_REVISION = "min_revision";
const PACKAGE = "dbconn.v1.";

export class Revisions {
  /** The one used last comes last. */
  readonly #seen = new Map<string, bigint>();

  get(key: string): bigint {
    return this.#seen.get(key) ?? 0n;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }

  /** Takes in whatever an answer shows. */
  learn(request: Message, desc: DescMessage, answer: Message): void {
    if (isMessage(answer, DeleteTaskResponseSchema) && isMessage(request, DeleteTaskRequestSchema)) {
      this.#keep(taskKey(request), answer.revision);
    } else this.#visit(reflect(desc, answer));
  }

  /** Sets `min_revision` where a read has the field and nothing in it; answers the object's key then. */
  require(desc: DescMessage, request: Message): string | undefined {
    const field = desc.fields.find(({ name }) => name === MIN_REVISION);
    const key = keyOf(request);
    if (field?.fieldKind !== "scalar" || key === undefined) return undefined;
    const message = reflect(desc, request);
    const revision = this.get(key);
    if (message.get(field) !== 0n || revision === 0n) return undefined;
    message.set(field, revision);
    return key;
  }

  #visit(message: ReflectMessage): void {
    const shown = message.message;
    if (isMessage(shown, TaskSchema)) this.#keep(taskKey(shown), shown.revision);
    else if (isMessage(shown, SchemaSchema)) this.#keep(schemaKey(shown), shown.revision);
    else {
      for (const field of message.fields) {
        if (field.message?.typeName.startsWith(PACKAGE) !== true || !message.isSet(field)) continue;
        if (field.fieldKind === "message") this.#visit(message.get(field));
        else if (field.fieldKind === "list") {
          for (const item of message.get(field)) this.#visit(item as ReflectMessage);
        }
      }
    }
  }

  #keep(key: string, revision: bigint): void {
    const before = this.get(key);
    this.#seen.delete(key);
    if (revision === 0n) return;
    this.#seen.set(key, revision > before ? revision : before);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= REMEMBERED) return;
      this.#seen.delete(oldest);
    }
  }
}

function keyOf(request: Message): string | undefined {
  const { kind, taskId, name } = request as Message & Partial<Record<"kind" | "taskId" | "name", unknown>>;
  if (typeof kind === "string" && typeof taskId === "string") return taskKey({ kind, taskId });
  return typeof name === "string" ? schemaKey({ name }) : undefined;
}

function taskKey({ kind, taskId }: Pick<Task, "kind" | "taskId">): string {
  return `task/${kind}/${taskId}`;
}

function schemaKey({ name }: Pick<Schema, "name">): string {
  return `schema/${name}`;
}
