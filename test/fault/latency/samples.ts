// Calls made over and over, and how long each took.
import { setTimeout as delay } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";
import { type Provenance, Source } from "../../../gen/dbconn/v1/common_pb.ts";
import { now } from "../clock.ts";
import { describeFailure } from "../recorder.ts";

export interface Sample {
  readonly start: number;
  readonly ms: number;
  /** Undefined: it succeeded. */
  readonly reason: string | undefined;
  /** Of a read. */
  readonly hot: boolean;
  readonly degraded: boolean;
}

export interface Answered {
  readonly provenance?: Provenance | undefined;
}

/** A client that rests between its calls, so that what is measured is not its own queue. */
const REST_MS = 10;

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #clients: Promise<void>[];
  #stopped = false;

  /** `call`: the n-th one of a client. */
  constructor(clients: number, call: (client: number, n: number) => Promise<Answered>) {
    this.#clients = Array.from({ length: clients }, (_, client) => this.#run(client, call));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  /** Of calls that began in the time. */
  within(from: number, until = Number.POSITIVE_INFINITY): readonly Sample[] {
    return this.samples.filter(({ start }) => start >= from && start < until);
  }

  /** Of calls that were under way at some moment of the time. */
  during(from: number, until: number): readonly Sample[] {
    return this.samples.filter(({ start, ms }) => start < until && start + ms > from);
  }

  async #run(client: number, call: (client: number, n: number) => Promise<Answered>): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const start = now();
      const { provenance, reason } = await call(client, n).then(
        (answer) => ({ ...answer, reason: undefined }),
        (error: unknown) => ({
          provenance: undefined,
          reason: describeFailure(error).reason ?? ConnectError.from(error).rawMessage,
        }),
      );
      const hot = provenance?.source === Source.HOT;
      this.samples.push({ start, ms: now() - start, reason, hot, degraded: provenance?.degraded === true });
      await delay(REST_MS);
    }
  }
}

export function succeeded(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(({ reason }) => reason === undefined);
}

/** Milliseconds. */
export function p99(samples: readonly Sample[]): number {
  const sorted = samples.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

export function longest(samples: readonly Sample[]): number {
  return samples.reduce((most, { ms }) => Math.max(most, ms), 0);
}
