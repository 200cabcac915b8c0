// From the original's stores into the service's own, by the domain's own operations. What is there already is left as
// it is, so that it can be run again, also while clients are at work.
import { setTimeout as delay } from "node:timers/promises";
import { isPattern } from "../../src/adapters/ajv/is-pattern.ts";
import { canonicalJson, sha256Hex } from "../../src/canonical.ts";
import { checkDocument, readContent } from "../../src/domain/schemas/content.ts";
import { createSchema } from "../../src/domain/schemas/create.ts";
import { existing, type Head, isLive } from "../../src/domain/schemas/schema.ts";
import { checkContent } from "../../src/domain/tasks/content.ts";
import { taskKey } from "../../src/domain/tasks/task.ts";
import { Violations } from "../../src/domain/validation.ts";
import { ServiceError } from "../../src/errors.ts";
import { LEGACY_ACTOR, noteOf } from "../../src/rpc/legacy/created-at.ts";
import { checkedName } from "../../src/rpc/legacy/names.ts";
import { meaningOf } from "../../src/rpc/legacy/statuses.ts";
import { Unreadable } from "./bson.ts";
import { readSchema, type SourceSchema } from "./read-schema.ts";
import {
  differ,
  type Fields,
  keyOf,
  nameOfDocument,
  nameOfKey,
  readTask,
  type SourceTask,
} from "./read-task.ts";
import type { Kind, Outcome, Report } from "./report.ts";
import type { MongoSource, SourceDocument } from "./source-mongo.ts";
import type { RedisSource } from "./source-redis.ts";
import type { Target } from "./target.ts";

export interface Migration {
  readonly mongo: MongoSource | undefined;
  readonly redis: RedisSource | undefined;
  readonly target: Target;
  readonly report: Report;
  /** Reads and judges everything, and writes nothing. */
  readonly dryRun: boolean;
}

/** Writes at a time: enough to keep a store busy, few enough to leave it room for clients. */
const AT_ONCE = 16;
const ATTEMPTS = 10;
const RETRY_MS = 1000;
/** Reasons that may be gone at the next attempt. */
const PASSING: ReadonlySet<string> = new Set([
  ...["DURABLE_STORE_UNAVAILABLE", "HOT_STORE_UNAVAILABLE", "STORES_CHANGING", "INSTANCE_ISOLATED"],
  ...["OVERLOADED", "CONTENTION", "DEADLINE_EXCEEDED"],
]);
const NOW_OR_NEVER = { consistency: "strong", minRevision: 0 } as const;
const LAST_YEAR = Date.UTC(10_000, 0);

export async function migrate(migration: Migration): Promise<void> {
  const { mongo, redis, report } = migration;
  /** Where each schema and task was found first: of two of one name the original knew the first only. */
  const first = new Map<string, string>();
  const checkFirst = (kind: Kind, name: string, at: string): void => {
    const other = first.get(`${kind}/${name}`);
    if (other === undefined) first.set(`${kind}/${name}`, at);
    else if (other !== at) refuse(`${other} has the same name`);
  };

  if (mongo !== undefined) {
    for (const name of mongo.others)
      report.note(`left alone: collection ${name} holds neither schemas nor tasks`);
    await eachAtOnce(mongo.documents(), (found) => fromMongo(migration, found, checkFirst));
  }
  if (redis !== undefined) {
    await eachAtOnce(redis.taskKeys(), async (key) => {
      const name = nameOfKey(key);
      if (name === undefined || first.has(`tasks/${key}`)) return;
      await counted(migration, "tasks", `redis key ${key}`, async () => {
        const task = readTask(name, undefined, await redis.hash(name), redis.importNames.get(key));
        return putTask(migration, task);
      });
    });
  }
}

async function fromMongo(
  migration: Migration,
  { at, shape, fields }: SourceDocument,
  checkFirst: (kind: Kind, name: string, at: string) => void,
): Promise<void> {
  const { redis, report } = migration;
  if (shape === "schema") {
    await counted(migration, "schemas", at, async () => {
      const schema = readSchema(fields, isPattern);
      checkFirst("schemas", schema.importName, at);
      return putSchema(migration, at, schema);
    });
  } else if (shape === "task") {
    await counted(migration, "tasks", at, async () => {
      const name = nameOfDocument(fields);
      checkFirst("tasks", keyOf(name), at);
      const hash = await redis?.hash(name);
      return putTask(migration, bestTask(migration, at, fields, hash));
    });
  } else {
    report.problem(at, "is neither a schema nor a task");
  }
}

/** Out of both stores; by the document alone where the hash cannot be read. */
function bestTask(
  { redis, report }: Migration,
  at: string,
  fields: Fields,
  hash: Fields | undefined,
): SourceTask {
  const name = nameOfDocument(fields);
  const setOf = redis?.importNames.get(keyOf(name));
  try {
    const task = readTask(name, fields, hash, setOf);
    if (hash !== undefined && differ(fields, hash)) {
      report.note(`${at}: Redis says something else, and counts, as it did before`);
    }
    return task;
  } catch (error) {
    if (hash === undefined || !(error instanceof Unreadable)) throw error;
    const task = readTask(name, fields, undefined, setOf);
    report.note(`${at}: the hash in Redis cannot be read (${error.message}), so the document counts`);
    return task;
  }
}

async function putTask({ target, dryRun }: Migration, source: SourceTask): Promise<Outcome> {
  const { status, code, message, data, createTime } = source;
  const v = new Violations();
  const name = {
    kind: checkedName(v, "task", source.task),
    taskId: checkedName(v, "task_id", source.taskId),
  };
  const group = checkedName(v, "import_name", source.importName, { optional: true });
  const content = { group, status, ...meaningOf(status), code, message, data };
  checkContent(v, content);
  v.throwIfAny();
  // A tombstone too: who deleted it after the first run does not want it back.
  const { document } = await target.taskObjects.read(taskKey(name), NOW_OR_NEVER);
  if (document !== undefined) return "there";
  if (dryRun) return "new";
  const tasks = target.tasksAt(createTime ?? Date.now());
  try {
    await tasks.create({ ...name, ...content, requestId: "" });
    return "new";
  } catch (error) {
    if (error instanceof ServiceError && error.reason === "TASK_EXISTS") return "there";
    throw error;
  }
}

async function putSchema(
  { target: { schemas }, report, dryRun }: Migration,
  at: string,
  { importName, releases }: SourceSchema,
): Promise<Outcome> {
  const v = new Violations();
  const name = checkedName(v, "import_name", importName);
  v.throwIfAny();
  const { document } = await schemas.objects.read(name, NOW_OR_NEVER);
  if (document !== undefined) {
    if (isLive(document) && !holds(existing(document), releases)) {
      report.note(`${at}: the schema ${name} has other releases: changed since, or another one of that name`);
    }
    return "there";
  }
  if (dryRun) {
    for (const release of releases) {
      const found = new Violations();
      checkDocument(found, release.document);
      found.throwIfAny();
      await readContent(schemas.validator, release.document);
    }
    return "new";
  }
  const made = await createSchema(schemas, {
    name,
    actor: LEGACY_ACTOR,
    releases: releases.map(({ createdAt, document: content }) => ({
      document: content,
      note: noteOf(createdAt),
      ...timeOf(createdAt),
    })),
  });
  return made === undefined ? "there" : "new";
}

/** Whether the schema has these releases, in this order, whatever came after them. */
function holds({ releases: stored }: Head, releases: SourceSchema["releases"]): boolean {
  return releases.every(({ document }, index) => stored[index]?.h === sha256Hex(canonicalJson(document)));
}

/** `created_at` is any text; where it is a time, it is when the release was made. */
function timeOf(createdAt: string): { readonly createTime?: number } {
  const time = Date.parse(createdAt);
  return time >= 0 && time < LAST_YEAR ? { createTime: time } : {};
}

/** What cannot be read or is refused stays behind and is reported; a store that stays away ends the run. */
async function counted(
  { report }: Migration,
  kind: Kind,
  at: string,
  work: () => Promise<Outcome>,
): Promise<void> {
  try {
    report.count(kind, await persistently(work));
  } catch (error) {
    const refused = error instanceof ServiceError && error.applied === "no" && REFUSALS.has(error.kind);
    if (!refused && !(error instanceof Unreadable)) throw error;
    report.count(kind, "unread");
    report.problem(at, error.message);
  }
}

/** Again while a store wavers: all that is done here can be done twice. */
async function persistently(work: () => Promise<Outcome>): Promise<Outcome> {
  let mayBeDone = false;
  for (let attempt = 1; ; attempt++) {
    try {
      const outcome = await work();
      return outcome === "there" && mayBeDone ? "new" : outcome;
    } catch (error) {
      if (!(error instanceof ServiceError) || !PASSING.has(error.reason) || attempt === ATTEMPTS) throw error;
      mayBeDone ||= error.applied !== "no";
      await delay(error.retryAfterMs ?? RETRY_MS);
    }
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  "invalid_argument",
  "failed_precondition",
  "resource_exhausted",
]);

function refuse(why: string): never {
  throw new Unreadable(why);
}

/** Runs `work` for each item, AT_ONCE at a time; rejects with the first failure. */
async function eachAtOnce<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  const lane = async () => {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      await work(next.value);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  } finally {
    await iterator.return?.();
  }
}
