import { describe, expect, it } from "vitest";
import type { HistoryEntry } from "../../../src/consistency/objects.ts";
import { HISTORY_PAGE, SharedHistory } from "../../../src/consistency/shared-history.ts";

const PLACE = { key: "k", version: "a 9", after: 3 };

/** Reads that the test answers, one by one. */
function reads(bytes = 10) {
  const calls: {
    readonly after: number;
    readonly signal: AbortSignal;
    answer(): void;
    fail(error: Error): void;
  }[] = [];
  const shared = new SharedHistory(
    (_key, after, limit, signal) =>
      new Promise<readonly HistoryEntry[]>((resolve, reject) => {
        expect(limit).toBe(HISTORY_PAGE);
        const answer = () => resolve([{ revision: after + 1, event: "x".repeat(bytes) }]);
        calls.push({ after, signal, answer, fail: reject });
      }),
  );
  return { calls, shared };
}

describe("a shared history", () => {
  it("reads a page once for all who ask, at the time and later", async () => {
    const { calls, shared } = reads();
    const asked = [shared.page(PLACE), shared.page(PLACE)];
    calls[0]?.answer();
    const [one, other] = await Promise.all(asked);
    expect(one).toEqual([{ revision: 4, event: "x".repeat(10) }]);
    expect(other).toBe(one);
    expect(await shared.page(PLACE)).toBe(one);
    expect(calls).toHaveLength(1);
  });

  it("keeps pages of other places and other versions apart", () => {
    const { calls, shared } = reads();
    for (const place of [
      PLACE,
      { ...PLACE, after: 4 },
      { ...PLACE, version: "b 9" },
      { ...PLACE, key: "l" },
    ]) {
      void shared.page(place);
    }
    expect(calls).toHaveLength(4);
  });

  it("frees who is cancelled at once, and reads on for the others", async () => {
    const { calls, shared } = reads();
    const leaving = new AbortController();
    const [left, stays] = [shared.page(PLACE, leaving.signal), shared.page(PLACE)];
    leaving.abort();
    await expect(left).rejects.toMatchObject({ kind: "cancelled" });
    expect(calls[0]?.signal.aborted).toBe(false);
    calls[0]?.answer();
    expect(await stays).toHaveLength(1);
  });

  it("gives a read up that nobody waits for, and reads again for who comes later", async () => {
    const { calls, shared } = reads();
    const leaving = new AbortController();
    const left = shared.page(PLACE, leaving.signal);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ kind: "cancelled" });
    expect(calls[0]?.signal.aborted).toBe(true);
    const later = shared.page(PLACE);
    calls[0]?.fail(new Error("given up"));
    calls[1]?.answer();
    expect(await later).toHaveLength(1);
    await expect(shared.page(PLACE, AbortSignal.abort())).rejects.toMatchObject({ kind: "cancelled" });
  });

  it("keeps no failure", async () => {
    const { calls, shared } = reads();
    const failed = shared.page(PLACE);
    calls[0]?.fail(new Error("the store is away"));
    await expect(failed).rejects.toThrow("the store is away");
    const again = shared.page(PLACE);
    calls[1]?.answer();
    expect(await again).toHaveLength(1);
  });

  it("holds so much and no more: pages used longest ago are read again", async () => {
    const { calls, shared } = reads(3_000_000);
    const get = async (after: number) => {
      const asked = shared.page({ ...PLACE, after });
      calls.at(-1)?.answer();
      return asked;
    };
    for (const after of [1, 2, 1, 3]) await get(after);
    expect(calls.map(({ after }) => after)).toEqual([1, 2, 3]);
    await get(1);
    await get(2);
    expect(calls.map(({ after }) => after)).toEqual([1, 2, 3, 2]);
  });
});
