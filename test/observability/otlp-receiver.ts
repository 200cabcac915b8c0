// What a collector is to the service: takes spans by OTLP over HTTP as JSON, and keeps them.
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 2: server, 3: client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2: error. */
  readonly status: number;
  /** Of the process that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Receiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  readonly spans: readonly Span[];
  /** The content types that came. */
  readonly types: ReadonlySet<string>;
  /** All bytes that came, for what is not JSON. */
  readonly bodies: readonly Buffer[];
  /** Resolves when what came is as it should be. */
  until(reached: (receiver: Receiver) => boolean): Promise<void>;
}

/** Listens until the test ends. */
export async function startReceiver(): Promise<Receiver> {
  const spans: Span[] = [];
  const types = new Set<string>();
  const bodies: Buffer[] = [];
  const came = new EventEmitter();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const type = request.headers["content-type"] ?? "";
    types.add(type);
    bodies.push(body);
    if (request.url === "/v1/traces" && type === "application/json") spans.push(...spansOf(body));
    response.writeHead(request.url === "/v1/traces" ? 200 : 404, { "content-type": type }).end();
    came.emit("came");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const receiver: Receiver = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    types,
    bodies,
    async until(reached) {
      while (!reached(receiver)) await once(came, "came");
    },
  };
  return receiver;
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<Span, "attributes" | "status" | "resource"> & {
        readonly attributes: readonly Attribute[];
        readonly status?: { readonly code?: number };
      })[];
    }[];
  }[];
}

function spansOf(body: Buffer): readonly Span[] {
  const { resourceSpans } = JSON.parse(body.toString("utf8")) as Export;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: record(span.attributes),
        status: span.status?.code ?? 0,
        resource: record(resource.attributes),
      })),
    ),
  );
}

function record(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue] as const),
  );
}
