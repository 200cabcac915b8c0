/** Load generators as processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** What it wrote; rejects with it when it failed. Ends with this process. */
export async function runTool(path: string, args: readonly string[]): Promise<string> {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  const onExit = () => child.kill("SIGKILL");
  process.once("exit", onExit);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) =>
      reject(new Error(`${path} cannot be run; scripts/install-tools.sh --bench installs it`, { cause })),
    );
  });
  const [code] = await Promise.race([once(child, "close"), failed]);
  process.off("exit", onExit);
  if (code === 0) return output;
  throw new Error(`${path} ${args.join(" ")} ended with ${code}:\n${output}`);
}
