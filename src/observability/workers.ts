/**
 * The metrics of several processes on one port as one page: whichever of them Prometheus happens to reach answers for
 * all. Each has a label `worker` of its own, so that one that is started again is a new series and no counter jumps.
 */
import cluster, { type Worker } from "node:cluster";
import { AggregatorRegistry, type Registry } from "prom-client";

/** All metrics of one process, as prom-client hands them over. */
type Snapshot = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** How long (ms) one that is busy or ending is waited for. */
const ANSWER_MS = 1_000;

/** From the one who was asked, by way of the primary process, to all; and back. */
interface Ask {
  readonly type: "metrics:ask";
  readonly id: number;
}
interface Give {
  readonly type: "metrics:give";
  readonly id: number;
  readonly asker: number;
  /** How many are asked. */
  readonly of: number;
}
interface Given {
  readonly type: "metrics:given";
  readonly id: number;
  readonly asker: number;
  readonly of: number;
  readonly metrics: Snapshot;
}
type Message = Ask | Give | Given;

/** In the primary process: carries questions and answers between the workers. */
export function relayMetrics(): void {
  cluster.on("message", (from: Worker, message: unknown) => {
    if (isMessage(message, "metrics:ask")) {
      const all = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected());
      const give: Give = { type: "metrics:give", id: message.id, asker: from.id, of: all.length };
      for (const worker of all) worker?.send(give);
    }
    if (isMessage(message, "metrics:given")) cluster.workers?.[message.asker]?.send(message);
  });
}

export interface Page {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** The page of this process: its own metrics, or as a worker all workers'. */
export function metricsPage(registry: Registry): Page {
  const { worker } = cluster;
  if (worker === undefined) return registry;
  registry.setDefaultLabels({ worker: String(worker.id) });
  const gatherings = new Map<number, Gathering>();
  let asked = 0;
  process.on("message", (message) => {
    if (isMessage(message, "metrics:give")) void give(registry, message);
    if (isMessage(message, "metrics:given")) gatherings.get(message.id)?.add(message);
  });
  return {
    contentType: registry.contentType,
    async metrics() {
      const id = ++asked;
      const gathering = new Gathering();
      gatherings.set(id, gathering);
      worker.send({ type: "metrics:ask", id } satisfies Ask);
      const all = await gathering.complete();
      gatherings.delete(id);
      return AggregatorRegistry.aggregate([...all]).metrics();
    },
  };
}

async function give(registry: Registry, { id, asker, of }: Give): Promise<void> {
  const metrics = await registry.getMetricsAsJSON();
  if (process.connected) process.send?.({ type: "metrics:given", id, asker, of, metrics } satisfies Given);
}

/** The answers to one question; complete when all have come, or time is up. */
class Gathering {
  readonly #answers: Snapshot[] = [];
  readonly #end = Promise.withResolvers<void>();

  add({ metrics, of }: Given): void {
    this.#answers.push(metrics);
    if (this.#answers.length >= of) this.#end.resolve();
  }

  async complete(): Promise<readonly Snapshot[]> {
    const timer = setTimeout(this.#end.resolve, ANSWER_MS);
    await this.#end.promise;
    clearTimeout(timer);
    return this.#answers;
  }
}

function isMessage<Type extends Message["type"]>(
  message: unknown,
  type: Type,
): message is Extract<Message, { type: Type }> {
  return typeof message === "object" && message !== null && "type" in message && message.type === type;
}
