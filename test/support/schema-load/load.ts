// Clients that meet on few schemas and do everything to them that the service offers.
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "@connectrpc/connect";
import { Consistency } from "../../../gen/dbconn/v1/common_pb.ts";
import { Compatibility, type SchemaService } from "../../../gen/dbconn/v1/schema_pb.ts";
import type { JsonObject } from "../../../src/json.ts";
import type { SchemaHistory, SchemaOperation } from "../history/schemas/operation.ts";
import { type Asking, contentOf, type SchemaRecorder, type Writing } from "./recorder.ts";

export interface SchemaLoadOptions {
  /** The names begin with it. */
  readonly prefix: string;
  readonly schemas: number;
  readonly clients: number;
  readonly deadlineMs: number;
  /** Between two calls of a client; milliseconds, 0 by default. */
  readonly restMs?: number;
  /** Draws all that is left to chance. In [0, 1). */
  readonly random: () => number;
}

const PROPERTIES = ["a", "b", "c"];
/** Few contents, so that the same ones come again and again: of each the properties that it asks for. */
const CONTENTS = Array.from({ length: 2 ** PROPERTIES.length }, (_, bits) =>
  PROPERTIES.filter((_name, index) => (bits & (1 << index)) !== 0),
);
const BY_CONTENT = new Map(CONTENTS.map((required) => [contentOf(documentOf(required)), required]));

/** Of the contents that the clients publish, and `mayFollow` knows. */
export function documentOf(required: readonly string[]): JsonObject {
  return { type: "object", required };
}

/** What the modes allow among these contents, known without any reasoning about schemas: who asks for less accepts more. */
export const mayFollow: NonNullable<SchemaHistory["mayFollow"]> = (mode, older, newer) => {
  const [before, after] = [BY_CONTENT.get(older), BY_CONTENT.get(newer)];
  if (before === undefined || after === undefined) return undefined;
  const backward = after.every((name) => before.includes(name));
  const forward = before.every((name) => after.includes(name));
  if (mode.startsWith("BACKWARD")) return backward;
  return mode.startsWith("FORWARD") ? forward : mode === "NONE" || (backward && forward);
};

const MODES = [
  Compatibility.NONE,
  Compatibility.NONE,
  Compatibility.NONE,
  Compatibility.BACKWARD,
  Compatibility.FORWARD_TRANSITIVE,
];
/** A client whose call was not answered lets a moment go by, so that it does not only count connection failures. */
const AFTER_FAILURE_MS = 50;

export class SchemaLoad {
  readonly names: readonly string[];
  readonly #instances: () => readonly Client<typeof SchemaService>[];
  readonly #options: SchemaLoadOptions;
  readonly #recorder: SchemaRecorder;
  readonly #clients: Promise<void>[] = [];
  #stopped = false;

  /** `instances`: asked anew for each call, for a process that was restarted has a new connection. */
  constructor(
    instances: () => readonly Client<typeof SchemaService>[],
    options: SchemaLoadOptions,
    recorder: SchemaRecorder,
  ) {
    this.names = Array.from({ length: options.schemas }, (_, i) => `${options.prefix}-${i}`);
    this.#instances = instances;
    this.#options = options;
    this.#recorder = recorder;
  }

  /** Resolves when every client has made so many calls, or when it was stopped. */
  async run(calls = Number.POSITIVE_INFINITY): Promise<void> {
    for (let i = 0; i < this.#options.clients; i++) this.#clients.push(this.#client(`s${i}`, calls));
    await Promise.all(this.#clients);
  }

  /** Resolves when the calls that are under way have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #client(client: string, calls: number): Promise<void> {
    const latest = new Map<string, number>();
    const { restMs = 0 } = this.#options;
    for (let n = 0; n < calls && !this.#stopped; n++) {
      if (restMs > 0) await delay(restMs);
      const name = this.#pick(this.names);
      const step = this.#step(client, `${client}-${n}`, name, latest.get(name) ?? 1);
      const operation = await this.#once(client, name, step);
      const { answer } = operation;
      if (answer?.outcome === "ok" && answer.schema !== undefined) latest.set(name, answer.schema.latest);
      if (answer?.outcome !== "failed") continue;
      if (answer.reason === "SCHEMA_DELETED")
        await this.#once(client, name, this.#undelete(client, `${client}-${n}u`, name));
      if (answer.applied !== "unknown" || operation.requestId === undefined) continue;
      // Once more under its id: by now it may have been applied.
      await delay(AFTER_FAILURE_MS);
      await this.#once(client, name, step);
    }
  }

  #once(client: string, name: string, step: Step): Promise<SchemaOperation> {
    const { deadlineMs } = this.#options;
    return step({ client, name, schemas: this.#pick(this.#instances()), deadlineMs });
  }

  /** One call; the same one when it is made again. */
  #step(client: string, requestId: string, name: string, latest: number): Step {
    const recorder = this.#recorder;
    const writing = writer(client, requestId, name);
    const chance = this.#options.random();
    const release = 1 + Math.floor(this.#options.random() * latest);
    const content = documentOf(this.#pick(CONTENTS));
    if (chance < 0.4) return (to) => recorder.publish(writing(to), content);
    if (chance < 0.5) return (to) => recorder.revert(writing(to), release);
    // The latest is often the active one.
    if (chance < 0.6) return (to) => recorder.deleteRelease(writing(to), chance < 0.56 ? latest : release);
    if (chance < 0.62) return (to) => recorder.delete(writing(to));
    if (chance < 0.63) return (to) => recorder.purge(writing(to));
    if (chance < 0.68) {
      const mode = this.#pick(MODES);
      return (to) => recorder.setMode(writing(to), mode);
    }
    const consistency = this.#pick([Consistency.FAST, Consistency.STRONG]);
    if (chance < 0.8) return (from) => recorder.getSchema(from, consistency);
    return (from) => recorder.getRelease(from, chance < 0.95 ? 0 : release, consistency);
  }

  #undelete(client: string, requestId: string, name: string): Step {
    const isPurge = this.#options.random() < 0.2;
    const writing = writer(client, requestId, name);
    return (to) => (isPurge ? this.#recorder.purge(writing(to)) : this.#recorder.undelete(writing(to)));
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#options.random() * items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

type Step = (asking: Asking) => Promise<SchemaOperation>;

/** Who did it and why, as the audit trail has to show it. */
function writer(actor: string, id: string, name: string): (asking: Asking) => Writing {
  const requestId = `${id}@${name}`;
  return (asking) => ({ ...asking, requestId, actor, note: `because of ${requestId}` });
}
