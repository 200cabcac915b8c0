/** Purges soft-deleted schemas when they were told to be, and removes bodies that no head came to name. */
import { ServiceError } from "../../errors.ts";
import type { Document } from "../../ports/durable-store.ts";
import { SCHEMA_BODIES, SCHEMAS } from "./collections.ts";
import type { SchemaContext } from "./context.ts";
import { purgeIfDue } from "./purge.ts";
import type { Head } from "./schema.ts";

/** Documents found by one query. */
const STEP = 100;
/** Bodies looked at in one sweep: orphans do no harm, so there is no hurry to have seen all. */
const BODIES_A_SWEEP = 500;
/** No call takes so long, so that a younger body may still be about to get its head. */
export const ORPHAN_AGE_MS = 2 * 3_600_000;

type Position = readonly [createTime: number, key: string];

export class SchemaRetention {
  readonly #context: SchemaContext;
  /** Where the walk around the bodies goes on. */
  #seen: Position | undefined;

  constructor(context: SchemaContext) {
    this.#context = context;
  }

  /** Several instances may do this at once: what one has ended, the others find changed and leave. */
  async sweep(signal?: AbortSignal): Promise<void> {
    await purgeDeleted(this.#context, signal);
    this.#seen = await removeOrphans(this.#context, this.#seen, signal);
  }
}

async function purgeDeleted(context: SchemaContext, signal?: AbortSignal): Promise<void> {
  const now = context.clock.now();
  const filters = [
    { field: "deleted", equals: true },
    { field: "purge_time", below: now },
  ];
  const order = [
    { field: "purge_time", direction: "ascending" },
    { field: "key", direction: "ascending" },
  ] as const;
  for (let after: Position | undefined; ; ) {
    const found = await context.store.find(
      {
        collection: SCHEMAS.name,
        filters,
        order,
        limit: STEP,
        omit: ["releases", "labels", "description"],
        ...(after && { after }),
      },
      signal,
    );
    for (const { key } of found) await unlessChanged(purgeIfDue(context, key, signal));
    const last = found.at(-1);
    if (last === undefined || found.length < STEP) return;
    after = [Number(last.purge_time), last.key];
  }
}

/** One that was restored or purged since it was found is left. */
async function unlessChanged(purge: Promise<unknown>): Promise<void> {
  try {
    await purge;
  } catch (error) {
    const { reason } = error as Partial<ServiceError>;
    const changed = reason === "SCHEMA_NOT_DELETED" || reason === "SCHEMA_NOT_FOUND";
    if (!(error instanceof ServiceError && changed)) throw error;
  }
}

/** A stretch of the walk around the old bodies; answers where the next one begins. */
async function removeOrphans(
  context: SchemaContext,
  start: Position | undefined,
  signal?: AbortSignal,
): Promise<Position | undefined> {
  const filters = [{ field: "create_time", below: context.clock.now() - ORPHAN_AGE_MS }];
  const order = [
    { field: "create_time", direction: "ascending" },
    { field: "key", direction: "ascending" },
  ] as const;
  let after = start;
  for (let looked = 0; looked < BODIES_A_SWEEP; looked += STEP) {
    const found = await context.store.find(
      { collection: SCHEMA_BODIES.name, filters, order, limit: STEP, ...(after && { after }) },
      signal,
    );
    const orphans = await orphansAmong(context, found, signal);
    if (orphans.length > 0) await context.store.deleteMany(SCHEMA_BODIES.name, orphans, signal);
    const last = found.at(-1);
    if (last === undefined || found.length < STEP) return undefined;
    after = [Number(last.create_time), last.key];
  }
  return after;
}

/** Heads are read one by one: each may have thousands of releases. */
async function orphansAmong(
  { store }: SchemaContext,
  bodies: readonly Document[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const ids = new Map<string, string[]>();
  for (const { key, schema } of bodies) {
    const name = String(schema);
    const others = ids.get(name);
    if (others === undefined) ids.set(name, [key]);
    else others.push(key);
  }
  const orphans: string[] = [];
  for (const [name, keys] of ids) {
    const head = await store.get(SCHEMAS.name, name, signal === undefined ? {} : { signal });
    const named = new Set(((head as Head | undefined)?.releases ?? []).map(({ b }) => b));
    orphans.push(...keys.filter((key) => !named.has(key)));
  }
  return orphans;
}
