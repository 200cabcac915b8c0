/** The reading calls, on a connection that sees committed data only. */
import type { DatabaseSync } from "node:sqlite";
import type { CollectionSpec, Scalar } from "../../ports/durable-store.ts";
import { Collections } from "../documents/collections.ts";
import type { Calls, Stored } from "./protocol.ts";
import { lastSequence, tableOf } from "./schema.ts";
import { countBySql, findSql } from "./sql.ts";
import { Statements } from "./statements.ts";

type Reads = "get" | "find" | "countBy" | "changes" | "ping";

export type Reader = {
  readonly [Name in Reads]: (takes: Calls[Name]["takes"]) => Calls[Name]["answers"];
};

export function reader(database: DatabaseSync, specs: readonly CollectionSpec[]): Reader {
  const statements = new Statements(database);
  const collections = new Collections(specs);
  return {
    get({ collection, keys, whole }) {
      const columns = whole ? "body, heavy" : "body, NULL AS heavy";
      const text = `SELECT ${columns} FROM ${tableOf(collection)} WHERE key IN (SELECT value FROM json_each(?))`;
      return statements.of(text).all(JSON.stringify(keys)) as unknown as readonly Stored[];
    },
    find(query) {
      const { text, parameters } = findSql(query);
      return statements
        .of(text)
        .all(...parameters)
        .map(({ body }) => String(body));
    },
    countBy({ collection, filters, by }) {
      const { text, parameters } = countBySql(collection, filters, by);
      const boolean = collections.get(collection).fields[by] === "boolean";
      return statements
        .of(text)
        .all(...parameters)
        .map(({ value, count }) => [
          boolean && value !== null ? value === 1 : (value as Scalar),
          Number(count),
        ]);
    },
    changes({ collection, since, limit }) {
      if (since === undefined) return { bodies: [], sequence: lastSequence(database, specs) };
      const rows = statements
        .of(`SELECT body, seq FROM ${tableOf(collection)} WHERE seq > ? ORDER BY seq LIMIT ?`)
        .all(since, limit);
      return { bodies: rows.map(({ body }) => String(body)), sequence: Number(rows.at(-1)?.seq ?? since) };
    },
    ping() {
      statements.of("SELECT 1").get();
      return null;
    },
  };
}
