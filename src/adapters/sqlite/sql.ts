/** Filters, orders and keyset positions as SQL. Values are always parameters; fields were checked by the caller. */
import type { Filter, Query, Scalar } from "../../ports/durable-store.ts";
import { columnOf, tableOf } from "./schema.ts";

export interface Sql {
  readonly text: string;
  readonly parameters: readonly (string | number | null)[];
}

/** More branches than this cost more than the sort that they save. */
const MAX_BRANCHES = 8;

export function findSql(query: Query): Sql {
  const branches = branchesOf(query.filters);
  const order = query.order
    .map(({ field, direction }) => `${columnOf(field)} ${direction === "ascending" ? "ASC" : "DESC"}`)
    .join(", ");
  const columns = ["body", ...query.order.map(({ field }) => columnOf(field))].join(", ");
  const selects = branches.map((filters): Sql => {
    const where = [...filters.map(filterSql), ...afterSql(query)];
    return {
      text: `SELECT ${columns} FROM ${tableOf(query.collection)}${whereText(where)} ORDER BY ${order} LIMIT ?`,
      parameters: [...where.flatMap(({ parameters }) => parameters), query.limit],
    };
  });
  const [first] = selects;
  if (first !== undefined && selects.length === 1) return first;
  return {
    text: `SELECT body FROM (${selects.map(({ text }) => `SELECT * FROM (${text})`).join(" UNION ALL ")}) ORDER BY ${order} LIMIT ?`,
    parameters: [...selects.flatMap(({ parameters }) => parameters), query.limit],
  };
}

export function countBySql(collection: string, filters: readonly Filter[], by: string): Sql {
  const where = filters.map(filterSql);
  return {
    text: `SELECT ${columnOf(by)} AS value, count(*) AS count FROM ${tableOf(collection)}${whereText(where)} GROUP BY 1`,
    parameters: where.flatMap(({ parameters }) => parameters),
  };
}

/**
 * A short `in` becomes one branch for each value: each can follow an index in the wanted order and stop at the
 * limit, where a single statement would read and sort all that matches.
 */
function branchesOf(filters: readonly Filter[]): readonly (readonly Filter[])[] {
  const chosen = filters.find(
    (filter) => "in" in filter && filter.in.length > 0 && filter.in.length <= MAX_BRANCHES,
  );
  if (chosen === undefined || !("in" in chosen)) return [filters];
  const others = filters.filter((filter) => filter !== chosen);
  return [...new Set(chosen.in)].map((equals) => [{ field: chosen.field, equals }, ...others]);
}

function filterSql(filter: Filter): Sql {
  const column = columnOf(filter.field);
  if ("equals" in filter) {
    return filter.equals === null
      ? { text: `${column} IS NULL`, parameters: [] }
      : { text: `${column} = ?`, parameters: [stored(filter.equals)] };
  }
  if ("in" in filter) {
    const values = filter.in.filter((value) => value !== null).map(stored);
    const among = `${column} IN (SELECT value FROM json_each(?))`;
    return {
      text: filter.in.includes(null) ? `(${among} OR ${column} IS NULL)` : among,
      parameters: [JSON.stringify(values)],
    };
  }
  const bounds: Sql[] = [];
  if (filter.from !== undefined) bounds.push({ text: `${column} >= ?`, parameters: [filter.from] });
  if (filter.below !== undefined) bounds.push({ text: `${column} < ?`, parameters: [filter.below] });
  return {
    text: bounds.length === 0 ? "TRUE" : bounds.map(({ text }) => text).join(" AND "),
    parameters: bounds.flatMap(({ parameters }) => parameters),
  };
}

/** Right after the position, with a bound on the first field that lets SQLite enter its index there. */
function afterSql({ order, after }: Query): readonly Sql[] {
  if (after === undefined) return [];
  const position = order.map(({ field, direction }, at) => ({
    column: columnOf(field),
    beyond: direction === "ascending" ? ">" : "<",
    value: after[at] ?? null,
  }));
  const [first] = position;
  if (first === undefined) return [];
  const alternatives = position.map(({ column, beyond, value }, at): Sql => {
    const before = position.slice(0, at);
    return {
      text: [...before.map((same) => `${same.column} = ?`), `${column} ${beyond} ?`].join(" AND "),
      parameters: [...before.map((same) => same.value), value],
    };
  });
  return [
    { text: `${first.column} ${first.beyond}= ?`, parameters: [first.value] },
    {
      text: `(${alternatives.map(({ text }) => `(${text})`).join(" OR ")})`,
      parameters: alternatives.flatMap(({ parameters }) => parameters),
    },
  ];
}

function whereText(where: readonly Sql[]): string {
  return where.length === 0 ? "" : ` WHERE ${where.map(({ text }) => text).join(" AND ")}`;
}

/** SQLite has no booleans. */
export function stored(value: Exclude<Scalar, null>): string | number {
  return typeof value === "boolean" ? Number(value) : value;
}
