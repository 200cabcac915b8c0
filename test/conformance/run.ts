// Runs Connect's conformance suite against production's server, one process for each kind of server it asks for.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("server.ts", import.meta.url));
const FEATURES = fileURLToPath(new URL("features.yaml", import.meta.url));

export interface ConformanceOptions {
  /** The suite's program. */
  readonly path: string;
  readonly unaryLane: boolean;
  /** Patterns of the cases to run; all without any. */
  readonly cases?: readonly string[];
  /** Calls at a time. */
  readonly parallel?: number;
  /** Told what the suite says, as it says it. */
  readonly onOutput?: (text: string) => void;
}

export interface ConformanceResult {
  readonly passed: number;
  readonly failed: number;
  /** All that the suite said. */
  readonly output: string;
}

/** Rejects when the suite ends without a result. */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceResult> {
  const { path, unaryLane, cases = [], parallel = 8, onOutput = () => {} } = options;
  const flags = [
    "--mode",
    "server",
    "--conf",
    FEATURES,
    "--max-servers",
    "2",
    "--parallel",
    String(parallel),
  ];
  const selected = cases.flatMap((pattern) => ["--run", pattern]);
  const child = spawn(path, [...flags, ...selected, "--", process.execPath, SERVER], {
    env: { PATH: process.env.PATH, UNARY_LANE: String(unaryLane) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput(text);
    });
  }
  await new Promise<void>((resolve, reject) => child.once("close", () => resolve()).once("error", reject));
  const [, passed, failed] = /^(\d+) passed, (\d+) failed/m.exec(output) ?? [];
  if (passed === undefined || failed === undefined)
    throw new Error(`the suite came to no result:\n${output}`);
  return { passed: Number(passed), failed: Number(failed), output };
}
