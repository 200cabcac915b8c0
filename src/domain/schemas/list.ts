/** ListSchemas: by name, always from the durable store. */
import { ServiceError } from "../../errors.ts";
import type { Json } from "../../json.ts";
import { NameSet } from "../../names.ts";
import type { DurableStore, Filter } from "../../ports/durable-store.ts";
import { type Alternative, alternatives } from "../names.ts";
import { badPageToken, decodePageToken, encodePageToken, pageSize } from "../paging.ts";
import { checkName, Violations } from "../validation.ts";
import { checkLabels } from "./checks.ts";
import { SCHEMAS } from "./collections.ts";
import type { Admit, SchemaContext } from "./context.ts";
import { LABEL_SCAN_COUNT, LABEL_SCAN_PAGE } from "./limits.ts";
import { existing, type Head, type Labels, type Schema, toSchema } from "./schema.ts";

export interface WhichSchemas {
  /** Empty = any name. */
  readonly namePrefix: string;
  readonly showDeleted: boolean;
  /** The names that there are for the caller; any, unless given. */
  readonly visible?: NameSet;
}

export interface ListSchemasInput extends WhichSchemas {
  /** All must match. */
  readonly labels: Labels;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly violations?: Violations;
}

export interface SchemaPage {
  readonly schemas: readonly Schema[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
  /** How many match in all; with labels, as of the first page. */
  readonly totalSize: number;
}

/** Documents of one read: a head without its releases may take 80 KB. */
const READ_AT_ONCE = 200;

/** `after`: the last name looked at. `total` is carried on, for with labels it takes a walk to know. */
interface Position {
  readonly after: string;
  readonly total: number;
}

/**
 * With labels a page may be short, and even empty, before the last. `resource_exhausted` / TOO_COMPLEX when labels
 * are asked for among too many names.
 */
export async function listSchemas(
  { store }: SchemaContext,
  input: ListSchemasInput,
  admit: Admit<Schema>,
  signal?: AbortSignal,
): Promise<SchemaPage> {
  const v = input.violations ?? new Violations();
  checkName(v, "name_prefix", input.namePrefix, { optional: true });
  checkLabels(v, input.labels);
  const size = pageSize(input.pageSize, v);
  v.throwIfAny();
  const identity = identityOf(input);
  const start = readPosition(decodePageToken(identity, input.pageToken));
  const labelled = Object.keys(input.labels).length > 0;
  const heads = (after: string) => headsByName(store, input, after, signal);

  /** An index counts without labels; with them every head is looked at, up to a bound. */
  async function count(): Promise<number> {
    if (!labelled) {
      const counts = await Promise.all(
        filtersOf(input).map((filters) => store.countBy(SCHEMAS.name, filters, "live", signal)),
      );
      return counts.reduce((sum, counted) => sum + (counted.get(true) ?? 0), 0);
    }
    let seen = 0;
    let matching = 0;
    for await (const head of heads("")) {
      if (++seen > LABEL_SCAN_COUNT) throw tooManyToCount();
      if (hasLabels(head, input.labels)) matching++;
    }
    return matching;
  }

  const totalSize = start !== undefined && labelled ? start.total : await count();
  const schemas: Schema[] = [];
  let after = start?.after ?? "";
  let seen = 0;
  const page = (more: boolean): SchemaPage => ({
    schemas,
    nextPageToken: more ? encodePageToken(identity, { after, total: totalSize }) : "",
    totalSize,
  });
  for await (const head of heads(after)) {
    // Ended here and not after the last item, so that there is another page only when there is something on it.
    if (schemas.length === size || seen === LABEL_SCAN_PAGE) return page(true);
    seen++;
    if (hasLabels(head, input.labels)) {
      const schema = toSchema(head);
      if (!admit(schema)) return page(true);
      schemas.push(schema);
    }
    after = head.key;
  }
  return page(false);
}

/** Heads in the order of their names, after that name, without their releases. */
export async function* headsByName(
  store: DurableStore,
  which: WhichSchemas,
  after: string,
  signal?: AbortSignal,
): AsyncGenerator<Head> {
  const alternatives = filtersOf(which);
  for (let last = after; ; ) {
    const parts = await Promise.all(
      alternatives.map((filters) =>
        store.find(
          {
            collection: SCHEMAS.name,
            filters,
            order: [{ field: "key", direction: "ascending" }],
            ...(last === "" ? {} : { after: [last] }),
            limit: READ_AT_ONCE,
            omit: ["releases"],
          },
          signal,
        ),
      ),
    );
    const [only, ...others] = parts;
    const found =
      only !== undefined && others.length === 0
        ? only
        : parts
            .flat()
            .sort((a, b) => (a.key < b.key ? -1 : 1))
            .slice(0, READ_AT_ONCE);
    for (const document of found) yield existing(document);
    const end = found.at(-1);
    if (end === undefined || found.length < READ_AT_ONCE) return;
    last = end.key;
  }
}

function filtersOf({ namePrefix, showDeleted, visible = NameSet.all }: WhichSchemas): readonly Alternative[] {
  const deleted: readonly Filter[] = showDeleted ? [] : [{ field: "deleted", equals: false }];
  const common = [{ field: "live", equals: true }, ...deleted];
  return alternatives("key", visible.beginningWith(namePrefix)).map((names) => [...common, ...names]);
}

function hasLabels(head: Head, wanted: Labels): boolean {
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(head.labels, key) && head.labels[key] === value,
  );
}

/** All that decides what the list holds; a page token is good for nothing else. */
function identityOf({ namePrefix, labels, showDeleted }: ListSchemasInput): Json {
  return { list: "schemas", name_prefix: namePrefix, labels, show_deleted: showDeleted };
}

function readPosition(position: Json | undefined): Position | undefined {
  if (position === undefined) return undefined;
  const { after, total } = (position ?? {}) as Partial<Position>;
  if (typeof after !== "string" || typeof total !== "number" || !Number.isSafeInteger(total) || total < 0) {
    throw badPageToken();
  }
  return { after, total };
}

function tooManyToCount(): ServiceError {
  return new ServiceError(
    "resource_exhausted",
    "TOO_COMPLEX",
    `labels can be asked for among at most ${LABEL_SCAN_COUNT} schemas; narrow them by name_prefix`,
    { retryAfterMs: 60_000 },
  );
}
