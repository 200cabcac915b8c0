import { readFileSync } from "node:fs";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { until } from "../support/until.ts";
import { parsePromQl } from "./promql.ts";

interface Named {
  readonly where: string;
  readonly expr: string;
}

const dashboard: {
  panels: { title: string; id: number; targets?: { expr: string }[]; gridPos: { x: number; w: number } }[];
} = JSON.parse(readFileSync("deploy/grafana/dashboard.json", "utf8"));
const panels = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }): Named => ({ where: `panel "${title}"`, expr: withoutVariables(expr) })),
);
const rules: { groups: { rules: Record<string, unknown>[] }[] } = parse(
  readFileSync("deploy/prometheus/alerts.yaml", "utf8"),
);
const alerts = rules.groups.flatMap((group) =>
  group.rules.map((rule): Named => ({ where: `alert ${rule.alert}`, expr: String(rule.expr) })),
);
const queries = [...panels, ...alerts];

/** Grafana puts these in before Prometheus sees the query. */
function withoutVariables(expr: string): string {
  return expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*");
}

/** Labels that Prometheus adds to what it reads, by where it read it. */
const OF_THE_TARGET = ["instance", "job"];
/** Codes are there only once a call ended with one. */
const CODES = /^[A-Z_]+$/;

let server: ServerProcess;
/** The labels of each metric and their values, as the service really has them. */
let offered: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

beforeAll(async () => {
  server = await startServer();
  const transport = createGrpcTransport({ baseUrl: server.url });
  const tasks = createClient(TaskService, transport);
  const cache = createClient(CacheService, transport);
  await tasks.createTask({ kind: "k", taskId: "t", data: {} });
  await tasks.getTask({ kind: "k", taskId: "t" });
  await tasks.getTask({ kind: "k", taskId: "none" }).catch(() => undefined);
  await cache.setEntry({ namespace: "n", key: "k", value: { case: "text", value: "v" } });
  const read = async () => (await fetch(`${server.url}/metrics`)).text();
  // Tasks are counted beside the answer.
  offered = metricsIn(await until(read, (text) => text.includes("dbconn_tasks{")));
});
afterAll(() => server.stop());

function metricsIn(text: string) {
  const metrics = new Map<string, Map<string, Set<string>>>();
  for (const line of text.split("\n")) {
    const [, name = "", labels = ""] = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === "") continue;
    const known = metrics.get(name) ?? new Map<string, Set<string>>();
    metrics.set(name, known);
    for (const [, label = "", value = ""] of labels.matchAll(/([a-z_]+)="([^"]*)"/g)) {
      known.set(label, (known.get(label) ?? new Set()).add(value));
    }
  }
  return metrics;
}

/** What a query asks for that the service does not have. */
function missingIn(expr: string): readonly string[] {
  const { selectors, grouping } = parsePromQl(expr);
  const labelsOf = (metric: string) => [...(offered.get(metric)?.keys() ?? []), ...OF_THE_TARGET];
  const missing = selectors.flatMap(({ metric, matchers }) => {
    if (!offered.has(metric)) return [`metric ${metric}`];
    return matchers.flatMap(({ label, operator, value }) => {
      if (!labelsOf(metric).includes(label)) return [`label ${label} of ${metric}`];
      const isThere =
        operator !== "=" ||
        (label === "code" && CODES.test(value)) ||
        offered.get(metric)?.get(label)?.has(value) === true;
      return isThere ? [] : [`${label}="${value}" of ${metric}`];
    });
  });
  const known = selectors.flatMap(({ metric }) => labelsOf(metric));
  const unknown = grouping.filter((label) => !known.includes(label));
  return [
    ...missing,
    ...unknown.map((label) => `grouping by ${label}`),
    ...(selectors.length ? [] : ["any metric"]),
  ];
}

describe("the queries of the dashboard and of the alert rules", () => {
  it("are many", () => {
    expect(panels.length).toBeGreaterThan(20);
    expect(alerts.length).toBeGreaterThan(8);
  });

  it("ask only for metrics and labels that /metrics has", () => {
    const missing = queries.flatMap(({ where, expr }) => missingIn(expr).map((what) => `${where}: ${what}`));
    expect(missing).toEqual([]);
  });

  it.each([
    ["rate(dbconn_no_such_total[1m])", ["metric dbconn_no_such_total"]],
    ['dbconn_mode{mod="normal"}', ["label mod of dbconn_mode"]],
    ['dbconn_mode{mode="broken"}', ['mode="broken" of dbconn_mode']],
    ["sum by (le) (dbconn_backlog)", ["grouping by le"]],
    ["vector(1)", ["any metric"]],
  ])("would not pass as %s", (expr, missing) => {
    expect(missingIn(expr)).toEqual(missing);
  });

  it("that are no PromQL would not pass", () => {
    expect(() => parsePromQl("sum((dbconn_backlog)")).toThrow(SyntaxError);
  });

  it("leave out no metric of the service's own but those that only help", () => {
    const asked = new Set(
      queries.flatMap(({ expr }) => parsePromQl(expr).selectors.map(({ metric }) => metric)),
    );
    const own = [...offered.keys()].filter((name) => /^dbconn_(?!.*_sum$)/.test(name));
    expect(own.filter((name) => !asked.has(name))).toEqual([]);
  });
});

describe("the dashboard", () => {
  it("has each panel once, inside its width", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});

describe("the alert rules", () => {
  it("say how bad it is and what happened, and docs/operations.md what to do", () => {
    const runbook = readFileSync("docs/operations.md", "utf8");
    for (const rule of rules.groups.flatMap((group) => group.rules)) {
      expect(rule).toMatchObject({
        labels: { severity: expect.stringMatching(/^(warning|critical)$/) },
        annotations: { summary: expect.stringMatching(/\.$/) },
      });
      expect(runbook).toContain(String(rule.alert));
    }
  });
});
