/** Tasks: the rules of TaskService, over the two stores. */

import { sha256Hex } from "../../canonical.ts";
import type { Mutated, Objects, Request, Transformed } from "../../consistency/objects.ts";
import type { JsonObject } from "../../json.ts";
import type { Condition, DurableStore } from "../../ports/durable-store.ts";
import type { Clock, Ids } from "../clock.ts";
import { decodeEtag, type Version } from "../etag.ts";
import { checkName, checkRequestId, checkText, Violations } from "../validation.ts";
import { type BatchUpdateItem, batchUpdateTasks } from "./batch-update.ts";
import { type CancelManyInput, cancelMany } from "./cancel-many.ts";
import { type ContentInput, checkContent, checkTaskName, contentJson, withDefaults } from "./content.ts";
import { contention, etagMismatch, isIllegalTransition, taskDeletedSince, taskExists } from "./errors.ts";
import type { TaskEvent } from "./events.ts";
import { type EventsInput, type EventsPage, listEvents } from "./history.ts";
import { MESSAGE_CHARS } from "./limits.ts";
import {
  type Admit,
  countTasks,
  type ListInput,
  listTasks,
  type TaskCounts,
  type TaskFilter,
  type TaskPage,
} from "./list.ts";
import { type StatePolicy, statePolicies, type TaskSettings } from "./policy.ts";
import {
  type BatchGetInput,
  type BatchItem,
  batchGetTasks,
  type GetInput,
  getTask,
  type TaskRead,
} from "./reads.ts";
import { conditionalRevision, exactRevision, isVersion, judge, type Revision } from "./revise.ts";
import { isLive, type Task, type TaskName, taskKey, toTask } from "./task.ts";
import { type MaskedInput, selectFields } from "./update-mask.ts";
import { cancellation, creation, deletion, replacement, update, type WriteContext } from "./writes.ts";

/** Writes without a turn, before a change waits for its own to read and write. */
const ATTEMPTS = 2;

export interface TasksOptions {
  /** Over the collection of TASK_OBJECTS. */
  readonly objects: Objects;
  /** The same collection, for lists. */
  readonly store: DurableStore;
  readonly settings: TaskSettings;
  readonly clock: Clock;
  readonly ids: Ids;
}

interface MutationInput extends TaskName {
  /** Empty = none. */
  readonly requestId: string;
  /** What was found wrong while the input was read; thrown together with what is found here. */
  readonly violations?: Violations;
}

/** An empty task_id is derived from kind and request_id, or random without a request_id. */
export interface CreateInput extends MutationInput, ContentInput {}

export interface PutInput extends MutationInput, ContentInput {
  /** Empty = any version, or none at all. */
  readonly etag: string;
}

export interface UpdateInput extends MutationInput, MaskedInput {
  readonly etag: string;
  /** Where the rules do not let the state follow, it follows all the same, and the history says OVERRIDDEN. */
  readonly override?: true;
}

export interface CancelInput extends MutationInput {
  /** Empty = the task keeps its own. */
  readonly message: string;
  readonly etag: string;
}

export interface DeleteInput extends MutationInput {
  readonly etag: string;
}

export interface TaskChanged {
  /** As it is now. */
  readonly task: Task;
  readonly replayed: boolean;
  readonly appliedRevision: number;
}

export interface TaskDeleted {
  readonly existed: boolean;
  /** Of the tombstone; 0 when there never was such a task. */
  readonly revision: number;
  readonly replayed: boolean;
  /** 0 when nothing was written. */
  readonly appliedRevision: number;
}

/** Rounds of "it is there", "no, it is not" with other writers before a put gives up. */
const PUT_ROUNDS = 8;

export class Tasks {
  readonly #o: TasksOptions;

  constructor(options: TasksOptions) {
    this.#o = options;
  }

  /** `already_exists` / TASK_EXISTS. */
  async create(input: CreateInput, signal?: AbortSignal): Promise<TaskChanged> {
    const v = input.violations ?? new Violations();
    checkName(v, "kind", input.kind);
    checkName(v, "task_id", input.taskId, { optional: true });
    checkContent(v, input);
    checkRequestId(v, input.requestId);
    v.throwIfAny();
    const content = withDefaults(input);
    const name = { kind: input.kind, taskId: input.taskId || this.#newTaskId(input) };
    const request = requestOf("CreateTask", name, input.requestId, contentJson(content));
    const write = creation(this.#context(input), name, content, this.#o.ids.random());
    const result = await this.#o.objects.mutate(taskKey(name), request, write, signal);
    if (result.outcome === "refused") throw taskExists();
    return this.#changed(result);
  }

  /** Creates, or replaces whole; with an etag only replaces. `aborted` / ETAG_MISMATCH, CONTENTION. */
  async put(input: PutInput, signal?: AbortSignal): Promise<TaskChanged> {
    const v = input.violations ?? new Violations();
    checkTaskName(v, input);
    checkContent(v, input);
    const etag = checkCondition(v, input);
    v.throwIfAny();
    const key = taskKey(input);
    const content = withDefaults(input);
    const request = requestOf("PutTask", input, input.requestId, {
      ...contentJson(content),
      etag: input.etag,
    });
    const context = this.#context(input);
    const { objects, ids } = this.#o;
    for (let round = 0; round < PUT_ROUNDS; round++) {
      const replaced = await objects.mutate(key, request, replacement(context, content, etag), signal);
      if (replaced.outcome !== "refused") return this.#changed(replaced);
      if (etag !== undefined) throw etagMismatch();
      const created = await objects.mutate(
        key,
        request,
        creation(context, input, content, ids.random()),
        signal,
      );
      if (created.outcome !== "refused") return this.#changed(created);
    }
    throw contention();
  }

  /** `not_found`, `aborted` / ETAG_MISMATCH, `failed_precondition` / ILLEGAL_TRANSITION, `resource_exhausted` / TOO_LARGE. */
  async update(input: UpdateInput, signal?: AbortSignal): Promise<TaskChanged> {
    const v = input.violations ?? new Violations();
    checkTaskName(v, input);
    checkContent(v, input);
    const selection = selectFields(v, input);
    const etag = checkCondition(v, input);
    v.throwIfAny();
    const request = requestOf("UpdateTask", input, input.requestId, {
      ...updateJson(input),
      etag: input.etag,
    });
    const context = this.#context(input);
    try {
      return await this.#revise(input, request, update(context, selection, etag), signal);
    } catch (error) {
      if (input.override !== true || !isIllegalTransition(error)) throw error;
      return this.#revise(input, request, update(context, selection, etag, true), signal);
    }
  }

  /** As `update`: a transition to CANCELLED. */
  async cancel(input: CancelInput, signal?: AbortSignal): Promise<TaskChanged> {
    const v = input.violations ?? new Violations();
    checkTaskName(v, input);
    checkText(v, "message", input.message, MESSAGE_CHARS);
    const etag = checkCondition(v, input);
    v.throwIfAny();
    const { message } = input;
    const request = requestOf("CancelTask", input, input.requestId, { message, etag: input.etag });
    return this.#revise(input, request, cancellation(this.#context(input), message, etag), signal);
  }

  batchUpdate(
    inputs: readonly UpdateInput[],
    admit: Admit<Task>,
    signal?: AbortSignal,
  ): Promise<readonly BatchUpdateItem[]> {
    return batchUpdateTasks(inputs, (input) => this.update(input, signal), admit);
  }

  cancelMany(input: CancelManyInput, signal?: AbortSignal): Promise<number> {
    return cancelMany(this.#o.store, input, (one) => this.cancel(one, signal), signal);
  }

  /** Leaves a tombstone; writes nothing where there is no task. `aborted` / ETAG_MISMATCH. */
  async delete(input: DeleteInput, signal?: AbortSignal): Promise<TaskDeleted> {
    const v = input.violations ?? new Violations();
    checkTaskName(v, input);
    const etag = checkCondition(v, input);
    v.throwIfAny();
    const request = requestOf("DeleteTask", input, input.requestId, { etag: input.etag });
    const write = deletion(this.#context(input), etag);
    const result = await this.#o.objects.mutate(taskKey(input), request, write, signal);
    if (result.outcome === "refused") {
      const { document } = result;
      if (isLive(document) && !isVersion(document, etag)) throw etagMismatch();
      return { existed: false, revision: document?.revision ?? 0, replayed: false, appliedRevision: 0 };
    }
    const replayed = result.outcome === "replayed";
    const revision = replayed ? result.appliedRevision : result.document.revision;
    return { existed: true, revision, replayed, appliedRevision: revision };
  }

  get(input: GetInput, signal?: AbortSignal): Promise<TaskRead> {
    return getTask(this.#o.objects, this.#o.settings, input, signal);
  }

  batchGet(input: BatchGetInput, admit: Admit<Task>, signal?: AbortSignal): Promise<readonly BatchItem[]> {
    return batchGetTasks(this.#o.objects, this.#o.settings, input, admit, signal);
  }

  list(input: ListInput, admit: Admit<Task>, signal?: AbortSignal): Promise<TaskPage> {
    return listTasks(this.#o.store, this.#o.settings, input, admit, signal);
  }

  count(filter: TaskFilter, signal?: AbortSignal): Promise<TaskCounts> {
    return countTasks(this.#o.store, filter, signal);
  }

  events(input: EventsInput, admit: Admit<TaskEvent>, signal?: AbortSignal): Promise<EventsPage> {
    return listEvents(this.#o.objects, input, admit, signal);
  }

  policy(): readonly StatePolicy[] {
    return statePolicies(this.#o.settings);
  }

  /** One conditional write; where it is refused, the document says why, or else is read and changed exactly. */
  async #revise(
    name: TaskName,
    request: Request,
    revision: Revision,
    signal?: AbortSignal,
  ): Promise<TaskChanged> {
    const { objects } = this.#o;
    const key = taskKey(name);
    const conditional = conditionalRevision(revision);
    for (let attempt = 0; conditional !== undefined && attempt < ATTEMPTS; attempt++) {
      const result = await objects.mutate(key, request, conditional, signal);
      if (result.outcome !== "refused") return this.#changed(result);
      // Mostly an object on the patch's way is missing. Of many who come, one makes it, and then the others need
      // no reading any more.
      const document = judge(revision, result.document);
      const exact = exactRevision(revision, document);
      const unchanged: Condition = { path: ["revision"], test: "equals", value: document.revision };
      const made = await objects.mutate(
        key,
        request,
        { ...exact, conditions: [...exact.conditions, unchanged] },
        signal,
      );
      if (made.outcome !== "refused") return this.#changed(made);
    }
    return this.#changed(
      await objects.transform(key, request, (current) => exactRevision(revision, current), signal),
    );
  }

  #changed(result: Mutated | Transformed): TaskChanged {
    if (result.outcome === "applied") {
      const task = toTask(result.document, this.#o.settings);
      return { task, replayed: false, appliedRevision: task.revision };
    }
    if (result.outcome !== "replayed")
      throw new TypeError(`a write that was made came out ${result.outcome}`);
    const { document, appliedRevision } = result;
    if (!isLive(document)) throw taskDeletedSince(appliedRevision);
    return { task: toTask(document, this.#o.settings), replayed: true, appliedRevision };
  }

  #context({ requestId }: MutationInput): WriteContext {
    const { settings, clock } = this.#o;
    return { settings, now: clock.now(), requestId };
  }

  #newTaskId({ kind, requestId }: CreateInput): string {
    if (requestId === "") return this.#o.ids.random();
    return sha256Hex(JSON.stringify([kind, requestId])).slice(0, 32);
  }
}

function checkCondition(
  v: Violations,
  input: MutationInput & { readonly etag: string },
): Version | undefined {
  checkRequestId(v, input.requestId);
  return decodeEtag(v, input.etag);
}

function requestOf(method: string, { kind, taskId }: TaskName, id: string, call: JsonObject): Request {
  return { id, body: { method, kind, task_id: taskId, ...call } };
}

/** What is present tells one update from another, so absent fields are left out. */
function updateJson({
  group,
  state,
  status,
  code,
  message,
  data,
  progress,
  replaceData,
  updateMask,
}: UpdateInput): JsonObject {
  return {
    ...(group === undefined ? {} : { group }),
    ...(state === undefined ? {} : { state }),
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(data === undefined ? {} : { data }),
    ...(progress === undefined ? {} : { progress }),
    replace_data: replaceData,
    update_mask: updateMask ?? [],
  };
}
