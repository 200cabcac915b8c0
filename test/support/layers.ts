// The direction of imports under src/: server -> rpc -> domain -> consistency -> ports <- adapters.
// What a layer may import is data; the rest is a pure function, so that a test can plant violations.
import { posix } from "node:path";

export interface SourceFile {
  /** Path from the checkout, such as `src/domain/tasks/create.ts`. */
  readonly file: string;
  /** Module specifiers as written, type-only ones included. */
  readonly imports: readonly string[];
}

interface LayerRule {
  /** Layers that may be imported, beside the layer itself. */
  readonly layers: readonly string[];
  /** Packages and Node modules that may not be. */
  readonly not: RegExp;
}

const STORES = "redis|@redis/.*|mongodb|bson|node:sqlite";
const WIRE = "fastify|@fastify/.*|@connectrpc/.*|@bufbuild/.*|node:(net|tls|http|https|http2|dgram)";
const PROCESS = "pino|dotenv|envalid|node:(fs|fs/promises|child_process|cluster|process)";

/** `shared` are the files right under src/ but main.ts and config.ts: errors, JSON helpers. */
const RULES: Readonly<Record<string, LayerRule>> = {
  shared: { layers: [], not: packages(STORES, WIRE, PROCESS) },
  ports: { layers: ["shared"], not: packages(STORES, WIRE, PROCESS) },
  consistency: { layers: ["ports", "shared"], not: packages(STORES, WIRE, PROCESS) },
  domain: { layers: ["consistency", "ports", "shared"], not: packages(STORES, WIRE, PROCESS) },
  adapters: { layers: ["ports", "shared", "observability"], not: packages(WIRE) },
  // Decides who a caller is and what scopes mean; knows no method, and no protocol but what jose speaks.
  auth: { layers: ["shared"], not: packages(STORES, WIRE) },
  observability: { layers: ["ports", "shared"], not: packages(STORES, WIRE) },
  config: { layers: ["shared"], not: packages(STORES, WIRE) },
  rpc: {
    layers: ["domain", "consistency", "ports", "shared", "observability", "auth", "gen"],
    not: packages(STORES, "fastify|@fastify/.*"),
  },
  server: { layers: ["rpc", "auth", "shared", "observability", "config", "gen"], not: packages(STORES) },
};

/** One line for each import that goes against the direction; none when all is well. */
export function violationsOf(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ file, imports }) => {
    const layer = layerOf(file);
    // main.ts puts everything together and is the only file that may name all of it.
    if (layer === "main") return [];
    const rule = RULES[layer];
    if (rule === undefined) return [`${file}: the folder ${layer} is no layer of the architecture`];
    return imports
      .filter((specifier) => !isAllowed(rule, layer, file, specifier))
      .map((specifier) => `${file}: ${layer} must not import ${specifier}`);
  });
}

function isAllowed(rule: LayerRule, layer: string, file: string, specifier: string): boolean {
  if (!specifier.startsWith(".")) return !rule.not.test(specifier);
  const target = layerOf(posix.join(posix.dirname(file), specifier));
  return target === layer || rule.layers.includes(target);
}

function layerOf(file: string): string {
  const [top = "", second = "", ...deeper] = file.split("/");
  if (top !== "src") return top;
  if (deeper.length > 0) return second;
  return second === "main.ts" || second === "config.ts" ? second.slice(0, -".ts".length) : "shared";
}

function packages(...patterns: readonly string[]): RegExp {
  return new RegExp(`^(${patterns.join("|")})(/.*)?$`);
}
