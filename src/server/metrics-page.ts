import type { FastifyInstance } from "fastify";

/** What Prometheus reads. */
export interface MetricsPage {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** /metrics, in Prometheus's text format. */
export function addMetricsPage(app: FastifyInstance, page: MetricsPage): void {
  app.get("/metrics", async (_request, reply) => {
    const text = await page.metrics();
    return reply.type(page.contentType).send(text);
  });
}
