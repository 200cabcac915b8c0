// What is in the stores, beside what the answers said: what stood there before, and names that nothing may have.
import { toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { CacheEntrySchema } from "../../gen/dbconn/v1/cache_pb.ts";
import { Consistency } from "../../gen/dbconn/v1/common_pb.ts";
import { SchemaSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { TaskSchema } from "../../gen/dbconn/v1/task_pb.ts";
import type { Clients } from "../protocol/transports.ts";
import { value } from "../protocol/values.ts";
import type { Input, Standing } from "./inputs.ts";
import { Random } from "./random.ts";
import { isBulk, PLACE } from "./samples.ts";

const NAMES = 400;
const SCHEMAS = 16;
const BATCH_MAX = 1_000;
/** Few enough that a busy process sheds none of them. */
const AT_A_TIME = 32;
const ABSENT = "absent";

/** A task, an entry or a schema, by what and by name: `task x`. */
type Contents = ReadonlyMap<string, string>;

export function makeStanding(seed: number): Standing {
  const random = new Random(seed, -1);
  const names = (count: number) => Array.from({ length: count }, () => random.name());
  return { names: names(NAMES), schemas: names(SCHEMAS) };
}

/** What an input is about. */
export function objectOf({ method, name }: Input): string {
  const service = method.parent.name;
  return `${service === "TaskService" ? "task" : service === "SchemaService" ? "schema" : "entry"} ${name}`;
}

export class State {
  readonly #clients: Clients;
  readonly #standing: Standing;
  #before: Contents = new Map();
  /** Of calls whose end nobody knows: they may take effect a batch later. */
  #late: ReadonlySet<string> = new Set();
  compared = 0;

  constructor(clients: Clients, standing: Standing) {
    this.#clients = clients;
    this.#standing = standing;
  }

  /** Makes what is missing, and remembers everything. */
  async prepare(): Promise<void> {
    await this.#restore(await this.#read(Consistency.FAST));
    this.#before = await this.#read(Consistency.STRONG);
  }

  /**
   * Sentences about what changed although every input about it was refused. `done`: what inputs that were not refused
   * are about; `unknown`: of these, what may still change.
   */
  async check(
    refused: readonly Input[],
    done: readonly Input[],
    unknown: readonly Input[],
  ): Promise<readonly string[]> {
    const touched = new Set([...done, ...unknown].map(objectOf));
    const all = [...done, ...unknown].some(({ method }) => isBulk(method));
    const now = await this.#read(Consistency.FAST);
    const found: string[] = [];
    const whose = (object: string) =>
      refused.filter((input) => objectOf(input) === object).map(({ index }) => index);
    for (const [object, is] of now) {
      const was = this.#before.get(object);
      if (all || touched.has(object) || this.#late.has(object)) continue;
      this.compared += 1;
      if (is !== was) found.push(`${object} was ${was} and is ${is}; inputs ${whose(object).join()}`);
    }
    const fresh = new Set(refused.filter((input) => input.fresh).map(objectOf));
    for (const object of touched) fresh.delete(object);
    for (const [object, is] of await this.#readObjects([...fresh], Consistency.FAST)) {
      this.compared += 1;
      if (is !== ABSENT) found.push(`${object} was refused and is ${is}; inputs ${whose(object).join()}`);
    }
    // Entries that were stored anew may have a lifetime now, and would go by themselves.
    await this.#restore(now, all ? undefined : touched);
    // A write whose caller never heard of it may stay unseen until a STRONG read shows it, and FAST ones from then on.
    this.#before = await this.#read(Consistency.STRONG);
    this.#late = new Set(unknown.map(objectOf));
    return found;
  }

  #read(consistency: Consistency): Promise<Contents> {
    const { names, schemas } = this.#standing;
    return this.#readObjects(
      [
        ...names.flatMap((name) => [`task ${name}`, `entry ${name}`]),
        ...schemas.map((name) => `schema ${name}`),
      ],
      consistency,
    );
  }

  async #readObjects(objects: readonly string[], consistency: Consistency): Promise<Contents> {
    const { tasks, cache } = this.#clients;
    const found = new Map<string, string>();
    const named = (what: string) =>
      objects
        .filter((object) => object.startsWith(`${what} `))
        .map((object) => object.slice(what.length + 1));
    for (const names of slices(named("task"), BATCH_MAX)) {
      const { results } = await tasks.batchGetTasks({
        names: names.map((taskId) => ({ kind: PLACE, taskId })),
        consistency,
      });
      for (const [at, { result }] of results.entries()) {
        // Reading a task makes it stay longer in the hot store; that is no change of it.
        const task = result.case === "task" ? { ...result.value, hotExpireTime: undefined } : undefined;
        found.set(
          `task ${names[at]}`,
          task === undefined ? absent(result.value) : toJsonString(TaskSchema, task),
        );
      }
    }
    for (const keys of slices(named("entry"), BATCH_MAX)) {
      const { results } = await cache.batchGetEntries({ namespace: PLACE, keys: [...keys] });
      for (const [at, { result }] of results.entries()) {
        const entry =
          result.case === "entry" ? toJsonString(CacheEntrySchema, result.value) : absent(result.value);
        found.set(`entry ${keys[at]}`, entry);
      }
    }
    for (const name of named("schema")) found.set(`schema ${name}`, await this.#schema(name, consistency));
    return found;
  }

  async #schema(name: string, consistency: Consistency): Promise<string> {
    const { schemas } = this.#clients;
    try {
      const { schema } = await schemas.getSchema({ name, consistency });
      return schema === undefined ? ABSENT : toJsonString(SchemaSchema, schema);
    } catch (error) {
      return absent(ConnectError.from(error));
    }
  }

  async #restore(
    now: Contents,
    changed: ReadonlySet<string> | undefined = new Set(now.keys()),
  ): Promise<void> {
    const { tasks, cache, schemas } = this.#clients;
    const { names } = this.#standing;
    const keys = names.filter((name) => changed.has(`entry ${name}`) || now.get(`entry ${name}`) === ABSENT);
    if (keys.length > 0) {
      await cache.batchSetEntries({
        requests: keys.map((key) => ({
          namespace: PLACE,
          key,
          value: { case: "text", value: "7" },
          persist: true,
        })),
      });
    }
    const missing = (what: string, all: readonly string[]) =>
      all.filter((name) => now.get(`${what} ${name}`) === ABSENT);
    for (const ids of slices(missing("task", names), AT_A_TIME))
      await Promise.all(ids.map((taskId) => tasks.putTask({ kind: PLACE, taskId, status: "there" })));
    for (const name of missing("schema", this.#standing.schemas)) {
      // One that was deleted stands in the way until it is purged.
      await schemas.purgeSchema({ name }).catch(() => undefined);
      await schemas.publishRelease({ name, document: value({ type: "object" }) });
    }
  }
}

/** Throws when it is there and cannot be read. */
function absent(status: { readonly code?: number; readonly message?: string } | undefined): string {
  if (status?.code === Code.NotFound || status?.code === Code.FailedPrecondition) return ABSENT;
  throw new Error(`what stands in the stores cannot be read: ${status?.code} ${status?.message}`);
}

function* slices(names: readonly string[], size: number): Generator<readonly string[]> {
  for (let at = 0; at < names.length; at += size) yield names.slice(at, at + size);
}
