// A real client in another language: stubs generated from this repository's copy of the contract by grpcio-tools.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";

const CLIENT = fileURLToPath(new URL("python/client.py", import.meta.url));

/** Runs one scenario of client.py; fails with what Python said where a promise was not kept. */
export async function pythonClient(python: string, port: number, scenario: string): Promise<void> {
  const outcome = await promisify(execFile)(python, [CLIENT, `127.0.0.1:${port}`, scenario], {
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  }).catch((error: { stdout: string; stderr: string }) => error);
  expect(outcome.stderr).toBe("");
  expect(outcome.stdout).toContain(`kept: ${scenario}\n`);
}
