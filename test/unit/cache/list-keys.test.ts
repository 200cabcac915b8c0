import { describe, expect, it } from "vitest";
import { setEntry } from "../../../src/domain/cache/entries.ts";
import { type ListKeysRequest, listKeys } from "../../../src/domain/cache/list-keys.ts";
import { encodePageToken } from "../../../src/domain/paging.ts";
import type { CacheStore } from "../../../src/ports/cache-store.ts";
import { ResponseBudget } from "../../../src/rpc/budget.ts";
import { failure, fieldsOf, type Harness, harness, text } from "./support.ts";

const ALL: ListKeysRequest = {
  namespace: "",
  pattern: "",
  includeValues: false,
  includeTtls: false,
  pageSize: 0,
  pageToken: "",
};

async function fill({ cache }: Harness, count: number, value = "v"): Promise<readonly string[]> {
  const keys = Array.from({ length: count }, (_, index) => `user:${index}`);
  for (const key of keys) await setEntry(cache, text(key, value));
  await setEntry(cache, text("elsewhere", value, { namespace: "other" }));
  return keys.sort();
}

async function pagesOf({ cache }: Harness, request: Partial<ListKeysRequest>) {
  const pages = [];
  let pageToken = "";
  do {
    const page = await listKeys(cache, { ...ALL, ...request, pageToken }, new ResponseBudget());
    pages.push(page);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return pages;
}

describe("a listing of keys", () => {
  it.each([1, 7, 50, 1000])(
    "in pages of %d holds every key of the namespace, none twice in a page",
    async (pageSize) => {
      const it = harness();
      const keys = await fill(it, 300);
      const pages = await pagesOf(it, { pageSize });
      expect([...new Set(pages.flatMap((page) => page.keys))].sort()).toEqual(keys);
      for (const page of pages) {
        expect(new Set(page.keys).size).toBe(page.keys.length);
        expect(page.keys.length).toBeLessThanOrEqual(pageSize);
        expect(page.entries).toEqual([]);
      }
    },
  );

  it("keeps to its pattern", async () => {
    const it = harness();
    await fill(it, 30);
    const keys = async (pattern: string) =>
      (await pagesOf(it, { pattern })).flatMap((page) => page.keys).sort();
    expect(await keys("user:1?")).toEqual(Array.from({ length: 10 }, (_, index) => `user:1${index}`));
    expect(await keys("user:12")).toEqual(["user:12"]);
    expect(await keys("user:\\*")).toEqual([]);
  });

  it("gives lifetimes when asked, and leaves out an entry that went meanwhile", async () => {
    const leaky = harness((store) => ({
      getMany: async (...[generation, names, signal]: Parameters<CacheStore["getMany"]>) =>
        (await store.getMany(generation, names, signal)).with(0, undefined),
    }));
    await fill(leaky, 3);
    const [page] = await pagesOf(leaky, { includeTtls: true });
    expect(page?.keys).toHaveLength(3);
    expect(page?.entries.map(({ key }) => key)).toEqual(page?.keys.slice(1));
    expect(page?.entries[0]?.expireTime).toBe(leaky.now() + 30 * 60_000);
  });

  it("with values ends its page where the answer is full, and goes on with the rest", async () => {
    const it = harness();
    const keys = await fill(it, 10, "x".repeat(1024 * 1024));
    const pages = await pagesOf(it, { includeValues: true });
    expect(pages.map((page) => page.entries.length)).toEqual([2, 2, 2, 2, 2]);
    expect(pages.flatMap((page) => page.keys).sort()).toEqual(keys);
  });

  it("ends where the cache was lost meanwhile, and says so", async () => {
    const it = harness();
    await fill(it, 100);
    const { nextPageToken: pageToken } = await listKeys(it.cache, ALL, new ResponseBudget());
    it.lose();
    const next = () => listKeys(it.cache, { ...ALL, pageToken }, new ResponseBudget());
    expect(await failure(next)).toMatchObject({ kind: "aborted", reason: "CACHE_LOST" });
    expect(await pagesOf(it, {})).toMatchObject([{ keys: [] }]);
  });

  it("does bounded work in a page, however little matches", async () => {
    let scans = 0;
    const endless = harness((_store) => ({
      scan: async () => {
        scans++;
        return { keys: [], cursor: "more" };
      },
    }));
    const page = await listKeys(endless.cache, ALL, new ResponseBudget());
    expect(page.keys).toEqual([]);
    expect(page.nextPageToken).not.toBe("");
    expect(scans).toBeLessThanOrEqual(50);
  });
});

describe("a listing is refused", () => {
  it.each([
    ["namespace", { namespace: "?" }],
    ["pattern", { pattern: "a\\" }],
    ["pattern", { pattern: "a\\\\\\" }],
    ["pattern", { pattern: "x".repeat(1025) }],
    ["pattern", { pattern: "\u0000" }],
    ["page_size", { pageSize: -1 }],
    ["page_token", { pageToken: "junk" }],
    ["page_token", { pageToken: "anVuaw" }],
    [
      "page_token",
      {
        pageToken: encodePageToken(["ListKeys", "other", "*"], { generation: 7, carried: [], cursor: null }),
      },
    ],
    ...[
      null,
      { carried: [], cursor: null },
      { generation: 7, carried: "k", cursor: null },
      { generation: 7, carried: [1], cursor: null },
      { generation: 7, carried: [""], cursor: null },
      { generation: 7, carried: [], cursor: 1 },
      { generation: 7, carried: [], cursor: "forged" },
    ].map((position): [string, Partial<ListKeysRequest>] => [
      "page_token",
      { pageToken: encodePageToken(["ListKeys", "default", "*"], position) },
    ]),
  ])("for a bad %s, case %#", async (field, request) => {
    const { cache } = harness();
    const error = await failure(() => listKeys(cache, { ...ALL, ...request }, new ResponseBudget()));
    expect(error.kind).toBe("invalid_argument");
    expect(fieldsOf(error)).toEqual([field]);
  });

  it("but not for a pattern that ends with an escaped backslash", async () => {
    const it = harness();
    await setEntry(it.cache, text("a\\", "v"));
    expect((await pagesOf(it, { pattern: "a\\\\" })).flatMap((page) => page.keys)).toEqual(["a\\"]);
  });
});
