/** Whether a call is recorded, by the sampler of OpenTelemetry's SDK and before there is a span. */
import { type Context, ROOT_CONTEXT, SpanKind, type Tracer } from "@opentelemetry/api";
import {
  type IdGenerator,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
} from "@opentelemetry/sdk-trace-base";

/** A trace that may begin with a call: its id, and whether the sampler takes it. */
interface Root {
  readonly traceId: string;
  readonly taken: boolean;
}

const ROOTS_AHEAD = 256;

/**
 * Traces of calls that come without one, drawn ahead with what the sampler says of them: in a row they cost a fraction of
 * what each does in the midst of other work. The samplers that there are variables for look at nothing of such a call but
 * its id.
 */
export class Roots implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #ahead: readonly Root[] = [];
  #next = 0;
  #begun = "";

  next(sampler: Sampler): Root {
    if (this.#next === this.#ahead.length) {
      this.#ahead = Array.from({ length: ROOTS_AHEAD }, () => this.#draw(sampler));
      this.#next = 0;
    }
    const root = this.#ahead[this.#next] as Root;
    this.#next += 1;
    this.#begun = root.traceId;
    return root;
  }

  /** Asked for as a root's span is started, at once after it was taken out. */
  generateTraceId(): string {
    return this.#begun;
  }

  generateSpanId(): string {
    return this.#random.generateSpanId();
  }

  #draw(sampler: Sampler): Root {
    const traceId = this.#random.generateTraceId();
    return { traceId, taken: takes(sampler, ROOT_CONTEXT, traceId) };
  }
}

/** `parent`: where the trace comes from. */
export function takes(sampler: Sampler, parent: Context, traceId: string): boolean {
  const { decision } = sampler.shouldSample(parent, traceId, "", SpanKind.SERVER, {}, []);
  return decision !== SamplingDecision.NOT_RECORD;
}

/** The sampler that the SDK made of its variables, which it has no public way to ask without starting a span. */
export function samplerOf(tracer: Tracer): Sampler {
  return (tracer as unknown as { readonly _sampler: Sampler })._sampler;
}
