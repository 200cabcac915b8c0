/** OpenTelemetry's own variables: what they mean is the SDK's affair, but what it cannot do here must not pass silently. */
import { shown } from "./redact.ts";
import type { Environment } from "./sources.ts";

/** Traces leave by OTLP over HTTP, or not at all. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  OTEL_TRACES_EXPORTER: ["otlp", "none"],
  OTEL_EXPORTER_OTLP_PROTOCOL: ["http/protobuf", "http/json"],
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ["http/protobuf", "http/json"],
};

/** One line for each variable that asks for what is not there. */
export function otelProblems(otel: Environment): readonly string[] {
  return Object.entries(TAKES).flatMap(([name, takes]) => {
    const value = otel[name];
    return !value || takes.includes(value)
      ? []
      : [`${name}: got ${shown(name, value)}, takes ${takes.join(" or ")}`];
  });
}
