// A program for sqlite.test.ts: opens the directory given and writes for ever, saying each acknowledged write.
import { openSqlite } from "../../src/adapters/sqlite/durable.ts";
import { COLLECTIONS, fields, upsert } from "./durable/harness.ts";

const [directory = ""] = process.argv.slice(2);
const store = await openSqlite({ directory, collections: COLLECTIONS });
process.stdout.write("open\n");

async function write(writer: number): Promise<never> {
  for (let rank = 0; ; rank += 1) {
    const { document } = await store.update(upsert(`w${writer}`, fields({ rank, bulk: "x".repeat(2000) })));
    process.stdout.write(`w${writer} ${document?.revision}\n`);
  }
}

await Promise.all(Array.from({ length: 12 }, (_, writer) => write(writer)));
