import { expect } from "vitest";
import type { CacheStore } from "../../src/ports/cache-store.ts";
import { ALWAYS, GENERATION, LONG_MS, SHORT_MS, text } from "./cache-names.ts";
import { type Checks, fresh } from "./check.ts";

interface Options {
  readonly namespace?: string | undefined;
  readonly generation?: number;
  readonly count?: number;
  /** Runs between two pages. */
  meanwhile?(): Promise<unknown>;
}

/** All keys of a scan, sorted. No page holds one twice; a page is about as large as asked. */
async function scanned(store: CacheStore, pattern: string, options: Options = {}): Promise<string[]> {
  const { namespace, generation = GENERATION, count = 50, meanwhile } = options;
  const found = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await store.scan(generation, { namespace, pattern, count, cursor });
    expect(new Set(page.keys).size).toBe(page.keys.length);
    for (const key of page.keys) found.add(key);
    await meanwhile?.();
    cursor = page.cursor;
  } while (cursor !== undefined);
  return [...found].sort();
}

/** A namespace of its own with these keys. */
async function namespaceWith(store: CacheStore, keys: readonly string[]): Promise<string> {
  const namespace = fresh("scan");
  await put(store, namespace, keys);
  return namespace;
}

function put(store: CacheStore, namespace: string, keys: readonly string[], lifetime = LONG_MS) {
  return Promise.all(
    keys.map((key) => store.set(GENERATION, { namespace, key }, text("", lifetime), ALWAYS)),
  );
}

function numbered(stem: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${stem}${at}`).sort();
}

export const cacheScanChecks: Checks<CacheStore> = {
  async "a scan finds every key of its namespace, over many pages"({ store }) {
    const keys = numbered("key-", 500);
    const namespace = await namespaceWith(store, keys);
    await namespaceWith(store, ["another"]);
    expect(await scanned(store, "*", { namespace, count: 20 })).toEqual(keys);
    expect(await scanned(store, "key-1*", { namespace })).toEqual(keys.filter((key) => /^key-1/.test(key)));
    expect(await scanned(store, "*", { namespace, generation: GENERATION + 1 })).toEqual([]);
  },

  async "work is bounded: a page looks at about as many keys as asked"({ store }) {
    const namespace = await namespaceWith(store, numbered("key-", 2000));
    const page = await store.scan(GENERATION, { namespace, pattern: "*", count: 10, cursor: undefined });
    expect(page.keys.length).toBeLessThan(200);
    expect(page.cursor).toBeDefined();
  },

  async "a pattern is literal but for * and ?, which \\ escapes"({ store }) {
    const keys = [
      ...["a", "ab", "abc", "a*c", "a?c", "a\\c", "[ab]", "^a", "a-b", "{a}", "A", "é", "😀", "aé"],
      ...["x/y", "a\nb", "aaaaaaaaab"],
    ];
    const namespace = await namespaceWith(store, keys);
    for (const [pattern, matching] of [
      ["*", keys],
      ["a", ["a"]],
      ["a?", ["ab", "aé"]],
      ["?", ["a", "A", "é", "😀"]],
      ["a?c", ["abc", "a*c", "a?c", "a\\c"]],
      ["a\\?c", ["a?c"]],
      ["a\\*c", ["a*c"]],
      ["a\\\\c", ["a\\c"]],
      ["a\\\\?", ["a\\c"]],
      ["\\a", ["a"]],
      ["[ab]", ["[ab]"]],
      ["[ab]*", ["[ab]"]],
      ["[*", ["[ab]"]],
      ["^?", ["^a"]],
      ["{*}", ["{a}"]],
      ["a-?", ["a-b"]],
      ["*b", ["ab", "a-b", "a\nb", "aaaaaaaaab"]],
      ["*a*a*a*b", ["aaaaaaaaab"]],
      ["x/*", ["x/y"]],
      ["", []],
      ["nothing*", []],
      ["nothing", []],
    ] as const) {
      expect([pattern, await scanned(store, pattern, { namespace })]).toEqual([pattern, matching.toSorted()]);
    }
  },

  async "a scan of all namespaces answers, and matches, namespace and key"({ store }) {
    const stem = fresh("scan-all");
    const namespaces = [`${stem}-a`, `${stem}-b`];
    for (const namespace of namespaces) await put(store, namespace, ["one", "two"]);
    const all = namespaces.flatMap((namespace) => [`${namespace}/one`, `${namespace}/two`]);
    expect(await scanned(store, `${stem}*`)).toEqual(all);
    expect(await scanned(store, `${stem}-?/one`)).toEqual(all.filter((key) => key.endsWith("one")));
    expect(await scanned(store, `${stem}-a/one`)).toEqual([`${stem}-a/one`]);
  },

  async "a key that is there throughout is found, whatever comes and goes meanwhile"({ store }) {
    const lasting = numbered("lasting-", 300);
    const leaving = numbered("leaving-", 300);
    const namespace = await namespaceWith(store, [...lasting, ...leaving]);
    let round = 0;
    const found = await scanned(store, "*", {
      namespace,
      count: 20,
      async meanwhile() {
        const names = leaving.splice(0, 20).map((key) => ({ namespace, key }));
        await store.deleteMany(GENERATION, names);
        if (++round < 20) await put(store, namespace, numbered(`coming-${round}-`, 10));
        await put(store, namespace, lasting.slice(0, 10));
      },
    });
    expect(found.filter((key) => key.startsWith("lasting-"))).toEqual(lasting);
  },

  async "a key that expired or was deleted before the scan is not found"({ store, pass }) {
    const namespace = await namespaceWith(store, ["kept", "deleted"]);
    await put(store, namespace, ["expired"], SHORT_MS);
    await store.deleteMany(GENERATION, [{ namespace, key: "deleted" }]);
    await pass(2 * SHORT_MS);
    expect(await scanned(store, "*", { namespace })).toEqual(["kept"]);
    expect(await scanned(store, "expired", { namespace })).toEqual([]);
  },

  async "a cursor is good for its own scan alone"({ store }) {
    const namespace = await namespaceWith(store, numbered("key-", 2000));
    const query = { namespace, pattern: "key*", count: 10, cursor: undefined };
    const { cursor } = await store.scan(GENERATION, query);
    const refused = { kind: "invalid_argument", reason: "INVALID_PAGE_TOKEN" };
    const field = [{ field: "page_token" }];
    for (const [generation, wrong] of [
      [GENERATION + 1, {}],
      [GENERATION, { namespace: "another" }],
      [GENERATION, { namespace: undefined }],
      [GENERATION, { pattern: "*" }],
      [GENERATION, { pattern: "key" }],
      [GENERATION, { cursor: "" }],
      [GENERATION, { cursor: "0" }],
      [GENERATION, { cursor: `${cursor}A` }],
      [GENERATION, { cursor: cursor?.slice(1) }],
    ] as const) {
      const call = store.scan(generation, { ...query, cursor, ...wrong });
      await expect(call).rejects.toMatchObject({ ...refused, violations: field });
    }
    await expect(store.scan(GENERATION, { ...query, count: 99, cursor })).resolves.toBeDefined();
  },
};
