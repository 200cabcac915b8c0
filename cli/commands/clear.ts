import { createInterface } from "node:readline/promises";
import { ClearCacheResponseSchema } from "../../gen/dbconn/v1/cache_pb.ts";
import { UsageError } from "../failure.ts";
import { print, printJson } from "../output.ts";
import { command } from "./command.ts";

interface Own {
  namespace: string | undefined;
  pattern: string;
  all: boolean;
  yes: boolean;
  "dry-run": boolean;
}

export const clearCommand = command<Own>({
  command: "clear",
  describe: "Removes cache entries: shows first what would go, and asks",
  builder: (argv) =>
    argv
      .option("namespace", { alias: "n", type: "string", describe: "Which namespace" })
      .option("pattern", { type: "string", default: "", describe: "Only keys like it, in the namespace" })
      .option("all", { type: "boolean", default: false, describe: "Every namespace" })
      .option("dry-run", { type: "boolean", default: false, describe: "Only show what would go" })
      .option("yes", { type: "boolean", default: false, describe: "Do not ask" })
      .example("$0 clear -n user --pattern 'session:*'", ""),
  run: async ({ namespace, pattern, all, yes, json, "dry-run": dryRun }, { cache, bound }) => {
    if (all === (namespace !== undefined))
      throw new UsageError("clear what? Either --namespace NAME or --all");
    if (all && pattern !== "") throw new UsageError("--pattern: goes with --namespace only");
    const scope = all ? { allNamespaces: true } : { namespace: namespace ?? "", pattern };
    const preview = await cache.clearCache({ ...scope, validateOnly: true }, bound);
    if (dryRun && json) return printJson(ClearCacheResponseSchema, preview);
    if (!json) {
      print(
        `${preview.clearedCount} entries would be removed${preview.sample.length > 0 ? ", such as:" : ""}`,
      );
      for (const key of preview.sample) print(`  ${key}`);
    }
    if (dryRun || preview.clearedCount === 0n) return;
    if (!yes) await agree(all ? "all namespaces" : (namespace ?? ""));
    // Just what was shown, or nothing.
    const answer = await cache.clearCache({ ...scope, expectedCount: preview.clearedCount }, bound);
    if (json) printJson(ClearCacheResponseSchema, answer);
    else print(`${answer.clearedCount} entries were removed`);
  },
});

async function agree(name: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError("nobody is there to ask; --yes clears without asking");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await terminal.question(`Type ${name} to go on: `);
    if (typed !== name) throw new UsageError("nothing was removed");
  } finally {
    terminal.close();
  }
}
