/** Whether a call is recorded, by the sampler of OpenTelemetry's SDK and before there is a span. */
import { randomFillSync } from "node:crypto";
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
const ID_BYTES = 16;
const RATIO = /^(?:ParentBased\{root=)?TraceIdRatioBased\{([^}]+)\}/;

/**
 * Traces of calls that come without one, drawn ahead with what the sampler says of them. The samplers that there are
 * variables for look at nothing of such a call but its id.
 */
export class Roots implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  readonly #bytes = Buffer.alloc(ROOTS_AHEAD * ID_BYTES);
  #ahead: readonly Root[] = [];
  #next = 0;
  #begun = "";

  next(sampler: Sampler): Root {
    if (this.#next === this.#ahead.length) {
      this.#ahead = this.#draw(sampler);
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

  #draw(sampler: Sampler): readonly Root[] {
    const bytes = randomFillSync(this.#bytes);
    const limit = limitOf(sampler);
    return Array.from({ length: ROOTS_AHEAD }, (_, n) => {
      const at = n * ID_BYTES;
      const traceId = bytes.toString("hex", at, at + ID_BYTES);
      return { traceId, taken: sumOf(bytes, at) <= limit && takes(sampler, ROOT_CONTEXT, traceId) };
    });
  }
}

/**
 * What an id's sum must not exceed for the sampler to take it. The SDK's sampler of a ratio makes that sum digit by digit,
 * which took a tenth of a short call's time: so it is asked only about ids that are not too large for it anyway.
 */
function limitOf(sampler: Sampler): number {
  const ratio = RATIO.exec(sampler.toString())?.[1];
  return ratio === undefined ? Number.POSITIVE_INFINITY : Number(ratio) * 2 ** 32;
}

/** As the SDK's sampler of a ratio has it: its four words, XORed. */
function sumOf(id: Buffer, at: number): number {
  const words = id.readUInt32BE(at) ^ id.readUInt32BE(at + 4) ^ id.readUInt32BE(at + 8);
  return (words ^ id.readUInt32BE(at + 12)) >>> 0;
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
