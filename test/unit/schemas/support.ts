// Schemas over embedded stores, with a clock and ids that the test owns, and the validator without its threads.
import { onTestFinished } from "vitest";
import { validatorInProcess } from "../../../src/adapters/ajv/in-process.ts";
import type { Objects } from "../../../src/consistency/objects.ts";
import { Bodies } from "../../../src/domain/schemas/bodies.ts";
import {
  SCHEMA_BODIES,
  SCHEMA_EVENTS,
  SCHEMAS,
  schemaObjects,
} from "../../../src/domain/schemas/collections.ts";
import { createSchemaComparer } from "../../../src/domain/schemas/compatibility/comparer.ts";
import type { SchemaContext } from "../../../src/domain/schemas/context.ts";
import { type Published, type PublishInput, publishRelease } from "../../../src/domain/schemas/publish.ts";
import { getSchema } from "../../../src/domain/schemas/reads.ts";
import type { Schema } from "../../../src/domain/schemas/schema.ts";
import { ServiceError } from "../../../src/errors.ts";
import type { Json } from "../../../src/json.ts";
import type { Document, DurableStore } from "../../../src/ports/durable-store.ts";
import { type Instance, openInstance } from "../../support/dual-store.ts";

export const SPECS = [SCHEMAS, SCHEMA_BODIES, SCHEMA_EVENTS];
const HOUR_MS = 3_600_000;

export interface Bench {
  readonly context: SchemaContext;
  readonly instance: Instance;
  /** Milliseconds since the epoch; the test moves it. */
  readonly clock: { time: number };
}

export interface BenchOptions {
  readonly instance?: Instance;
  /** Before the ids of this bench, so that two benches share a store. */
  readonly idPrefix?: string;
  readonly objects?: (objects: Objects) => Objects;
  readonly store?: (store: DurableStore) => DurableStore;
  readonly deletedRetentionMs?: number;
}

export async function openSchemas(options: BenchOptions = {}): Promise<Bench> {
  const instance = options.instance ?? (await openInstance({ specs: SPECS }));
  if (options.instance === undefined) onTestFinished(() => instance.close());
  const clock = { time: 1_750_000_000_000 };
  let ids = 0;
  const store = (options.store ?? ((same) => same))(instance.durable);
  const validator = validatorInProcess();
  const context: SchemaContext = {
    objects: (options.objects ?? ((same) => same))(instance.objects(schemaObjects(6 * HOUR_MS))),
    store,
    bodies: new Bodies(store, 1024 * 1024),
    validator,
    comparer: createSchemaComparer(validator),
    clock: { now: () => clock.time },
    ...(options.deletedRetentionMs && { deletedRetentionMs: options.deletedRetentionMs }),
    ids: { random: () => `${options.idPrefix ?? "id"}${++ids}` },
  };
  return { context, instance, clock };
}

const CHANGE = { name: "orders", note: "", actor: "", etag: "", requestId: "" };

export const change = <More extends object>(more: More) => ({ ...CHANGE, ...more });

export function publication(document: Json | undefined, more: Partial<PublishInput> = {}): PublishInput {
  return {
    ...CHANGE,
    document,
    compatibility: undefined,
    labels: {},
    description: undefined,
    validateOnly: false,
    ...more,
  };
}

/** Publishes each in turn; answers the last answer. */
export async function publishAll(bench: Bench, ...documents: readonly [Json, ...Json[]]): Promise<Published> {
  const [first, ...others] = documents;
  let last = await publishRelease(bench.context, publication(first));
  for (const document of others) last = await publishRelease(bench.context, publication(document));
  return last;
}

export const named = <More extends object>(more: More) => ({
  name: CHANGE.name,
  consistency: "fast" as const,
  minRevision: 0,
  ...more,
});

export async function schemaNow(bench: Bench, name: string = CHANGE.name): Promise<Schema> {
  return (await getSchema(bench.context, named({ name, consistency: "strong" as const }))).schema;
}

/** The head as it is stored, whole. */
export function headOf(bench: Bench, name: string = CHANGE.name): Promise<Document | undefined> {
  return bench.instance.durable.get(SCHEMAS.name, name, { whole: true });
}

/** Ids of the bodies that are stored. */
export async function bodyIds(bench: Bench): Promise<readonly string[]> {
  const found = await bench.instance.durable.find({
    collection: SCHEMA_BODIES.name,
    filters: [],
    order: [{ field: "key", direction: "ascending" }],
    limit: 1000,
  });
  return found.map(({ key }) => key);
}

/** The methods by themselves, so that a test can put its own beside them. */
export function bound<Port extends object>(port: Port): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The port with some methods of the test's own. */
export function withMethods<Port extends object>(port: Port, own: Partial<Port>): Port {
  const rest = bound(port);
  return new Proxy(rest, {
    get: (target, name) => Reflect.get(Object.hasOwn(own, name) ? own : target, name),
  });
}

export const always = () => true;

/** What a call failed with; fails the test when it did not. */
export async function failure(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

/** Field and nothing else of each violation. */
export async function badFields(call: Promise<unknown>): Promise<readonly string[]> {
  const error = await failure(call);
  if (error.kind !== "invalid_argument") throw error;
  return error.violations.map(({ field }) => field);
}
