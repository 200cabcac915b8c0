import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../src/adapters/sqlite/durable.ts";
import { durableContract } from "./durable.ts";

durableContract("sqlite", async (collections) => {
  const directory = await mkdtemp(join(tmpdir(), "dbconn-sqlite-"));
  const store = await openSqlite({ directory, collections });
  return {
    store,
    stop: async () => {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
});
