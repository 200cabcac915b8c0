// The calls whose times are taken.
import { Consistency } from "../../../gen/dbconn/v1/common_pb.ts";
import { TaskState } from "../../../gen/dbconn/v1/task_pb.ts";
import { patiently } from "../final-state.ts";
import type { Instance } from "../instance.ts";
import { type Answered, Sampler } from "./samples.ts";

const KIND = "latency";
const TASKS = 16;
const CLIENTS = 4;
const OPTIONS = { timeoutMs: 5_000 };

/** A task for each client and more, so that nobody waits for another's write. */
export async function createTasks(victim: Instance): Promise<void> {
  for (let i = 0; i < TASKS; i++)
    await patiently(() =>
      victim.tasks.putTask({ kind: KIND, taskId: `t${i}`, state: TaskState.PROCESSING }, OPTIONS),
    );
}

export function writers(instances: readonly Instance[]): Sampler {
  return sample(instances, async (instance, client, n) => {
    await instance.tasks.updateTask({ kind: KIND, taskId: `t${client}`, message: `${n}` }, OPTIONS);
    return {};
  });
}

/** Of tasks that nobody writes any more. */
export function hotReaders(instances: readonly Instance[]): Sampler {
  return sample(instances, (instance, client, n) =>
    instance.tasks.getTask(
      {
        kind: KIND,
        taskId: `t${CLIENTS + ((client + n) % (TASKS - CLIENTS))}`,
        consistency: Consistency.FAST,
      },
      OPTIONS,
    ),
  );
}

/** Answered by the hot store alone. */
export function cacheReaders(instances: readonly Instance[]): Sampler {
  return sample(instances, async (instance, client) => {
    await instance.cache.incrementEntry({ namespace: KIND, key: `c${client}` }, OPTIONS);
    return {};
  });
}

/** Answered by the durable store alone. */
export function listReaders(instances: readonly Instance[]): Sampler {
  return sample(instances, async (instance) => {
    await instance.tasks.listTasks({ kind: KIND, pageSize: 5 }, OPTIONS);
    return {};
  });
}

function sample(
  instances: readonly Instance[],
  call: (instance: Instance, client: number, n: number) => Promise<Answered>,
): Sampler {
  return new Sampler(CLIENTS, (client, n) => {
    const instance = instances[n % instances.length];
    if (instance === undefined) throw new Error("there is no instance");
    return call(instance, client, n);
  });
}
