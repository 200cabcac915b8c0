/** Conditions, changes, filters and orders in the server's language. Only scalars reach a filter as values. */
import type { Filter as MongoFilter, Sort, UpdateFilter } from "mongodb";
import type { Change, Condition, Filter, Path, Query, Scalar, Update } from "../../ports/durable-store.ts";
import { encode, encodeElement, type MongoDocument, STAMP } from "./documents.ts";
import { fieldName, pathName } from "./keys.ts";

type Tests = Record<string, unknown>;

const ARRAY = { $type: "array" };
const NO_ARRAY = { $not: ARRAY };

/** The document of the update, if it passes the conditions. */
export function updateFilter({ key, conditions }: Update): MongoFilter<MongoDocument> {
  if (conditions.length === 0) return { _id: key };
  // Inside `$and`, since a server that inserts takes fields of the new document from the filter's top level.
  return { _id: key, $and: conditions.map(conditionFilter) } as MongoFilter<MongoDocument>;
}

function conditionFilter(condition: Condition): Tests {
  const test = leafFilter(pathName(condition.path), condition);
  // The server looks into arrays on the way; for the port such a path is absent.
  const parents = condition.path
    .slice(1)
    .map((_, at) => pathName(condition.path.slice(0, at + 1) as unknown as Path));
  if (parents.length === 0) return test;
  return holdsWhenAbsent(condition)
    ? { $or: [...parents.map((parent) => ({ [parent]: ARRAY })), test] }
    : { $and: [...parents.map((parent) => ({ [parent]: NO_ARRAY })), test] };
}

function leafFilter(path: string, condition: Condition): Tests {
  switch (condition.test) {
    case "equals":
      return { [path]: { ...equal(condition.value), ...NO_ARRAY } };
    case "in": {
      const values = [...new Set(condition.values)];
      const [only] = values;
      const among = only !== undefined && values.length === 1 ? equal(only) : { $in: values };
      return { [path]: { ...among, ...NO_ARRAY } };
    }
    case "at_most": {
      const atMost = { [path]: { $lte: condition.value, ...NO_ARRAY } };
      return condition.value >= 0 ? { $or: [{ [path]: { $exists: false } }, atMost] } : atMost;
    }
    case "is_object":
      // Of an array, `$type` asks about the elements.
      return { [path]: { $type: "object", ...NO_ARRAY } };
    case "none_with":
      // Not `$ne`, which asks FerretDB for any element that differs.
      return {
        $nor: [{ [path]: ARRAY, [`${path}.${fieldName(condition.field)}`]: { $eq: condition.value } }],
      };
  }
}

/** Not `$eq`: an upsert would copy a field that is said to be equal into the document that it makes. */
function equal(value: Scalar): Tests {
  return { $gte: value, $lte: value };
}

function holdsWhenAbsent(condition: Condition): boolean {
  switch (condition.test) {
    case "equals":
      return condition.value === null;
    case "in":
      return condition.values.includes(null);
    case "at_most":
      return condition.value >= 0;
    case "is_object":
      return false;
    case "none_with":
      return true;
  }
}

/** `mark`: what sets apart the objects that are set, for a server that needs it (documents.ts). */
export function changeUpdate({ change, ifAbsent }: Update, mark?: string): UpdateFilter<MongoDocument> {
  const { set = [], unset = [], increment = [], push = [] } = change;
  const operators: Record<string, Tests> = {
    $set: Object.fromEntries(set.map(([path, value]) => [pathName(path), encode(value, mark)])),
    $unset: Object.fromEntries(unset.map((path) => [pathName(path), ""])),
    $inc: Object.fromEntries([
      ...increment.map(([path, amount]) => [pathName(path), amount]),
      ...(change.keepRevision === true ? [] : [["revision", 1]]),
    ]),
    $push: Object.fromEntries(push.map((pushed) => [pathName(pushed.path), pushOperator(pushed)])),
    $setOnInsert: change.keepRevision === true && ifAbsent === "insert" ? { revision: 1 } : {},
    $currentDate: { [STAMP]: { $type: "timestamp" } },
  };
  const used = Object.entries(operators).filter(([, fields]) => Object.keys(fields).length > 0);
  return Object.fromEntries(used) as UpdateFilter<MongoDocument>;
}

function pushOperator({ value, keepLast }: NonNullable<Change["push"]>[number]): Tests {
  return { $each: [encodeElement(value)], ...(keepLast === undefined ? {} : { $slice: -keepLast }) };
}

export function filtersFilter(filters: readonly Filter[]): MongoFilter<MongoDocument> {
  return allOf(filters.map((filter) => ({ [fieldName(filter.field)]: filterTests(filter) })));
}

function filterTests(filter: Filter): Tests {
  if ("equals" in filter) return { $eq: filter.equals };
  if ("in" in filter) return { $in: filter.in };
  if (filter.from === undefined && filter.below === undefined) return NO_ARRAY;
  return {
    ...(filter.from === undefined ? {} : { $gte: filter.from }),
    ...(filter.below === undefined ? {} : { $lt: filter.below }),
  };
}

/** The query's filters and its keyset position. */
export function findFilter({ filters, order, after }: Query): MongoFilter<MongoDocument> {
  const tests: Tests[] = filters.map((filter) => ({ [fieldName(filter.field)]: filterTests(filter) }));
  if (after !== undefined) {
    const position = order.map(({ field, direction }, at) => ({
      name: fieldName(field),
      beyond: direction === "ascending" ? "$gt" : "$lt",
      value: after[at] ?? null,
    }));
    tests.push({
      $or: position.map(({ name, beyond, value }, at) => ({
        ...Object.fromEntries(position.slice(0, at).map((same) => [same.name, { $eq: same.value }])),
        [name]: { [beyond]: value },
      })),
    });
  }
  return allOf(tests);
}

export function sortOf(order: Query["order"]): Sort {
  return Object.fromEntries(
    order.map(({ field, direction }) => [fieldName(field), direction === "ascending" ? 1 : -1] as const),
  );
}

export function projectionWithout(fields: readonly string[]): Record<string, 0> {
  return Object.fromEntries(fields.map((field) => [fieldName(field), 0] as const));
}

function allOf(tests: readonly Tests[]): MongoFilter<MongoDocument> {
  return (tests.length === 0 ? {} : { $and: tests }) as MongoFilter<MongoDocument>;
}
