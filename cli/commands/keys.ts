import { ListKeysResponseSchema } from "../../gen/dbconn/v1/cache_pb.ts";
import { print, printJson, printTable, time } from "../output.ts";
import { command } from "./command.ts";

const PAGE_SIZE = 1000;

export const keysCommand = command<{ pattern: string; namespace: string; ttls: boolean }>({
  command: "keys [pattern]",
  describe: "Keys of the cache by pattern",
  builder: (argv) =>
    argv
      .positional("pattern", {
        type: "string",
        default: "*",
        describe: "Literal with * and ?, escaped by \\",
      })
      .option("namespace", { alias: "n", type: "string", default: "default", describe: "Where to look" })
      .option("ttls", { type: "boolean", default: false, describe: "With the times when they expire" })
      .example("$0 keys 'user:*' -n user --ttls", ""),
  run: async ({ pattern, namespace, ttls, json }, { cache, bound }) => {
    // A key may come in two pages while the store grows.
    const seen = new Set<string>();
    let pageToken = "";
    do {
      const page = await cache.listKeys(
        { pattern, namespace, includeTtls: ttls, pageSize: PAGE_SIZE, pageToken },
        bound,
      );
      pageToken = page.nextPageToken;
      if (json) {
        printJson(ListKeysResponseSchema, page);
        continue;
      }
      const fresh = page.keys.filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      if (!ttls) for (const key of fresh) print(key);
      const entries = page.entries.filter(({ key }) => fresh.includes(key));
      if (entries.length > 0) {
        printTable(
          ["key", "expires"],
          entries.map(({ key, expireTime }) => [key, time(expireTime) || "never"]),
        );
      }
    } while (pageToken !== "");
  },
});
