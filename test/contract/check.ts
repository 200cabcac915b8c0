import { afterAll, beforeAll, describe, it } from "vitest";

/** What a contract needs beside the store itself. */
export interface Harness<Store> {
  readonly store: Store;
  /** Resolves when at least `ms` have gone by on the store's own clock. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** One promise of a port. Throws when the store does not keep it. */
export type Check<Store> = (harness: Harness<Store>) => Promise<void>;

/** Checks by the promise that each one is. */
export type Checks<Store> = Readonly<Record<string, Check<Store>>>;

/** The checks as a suite on one store. They stay apart by names and generations of their own. */
export function contract<Store>(
  name: string,
  checks: Checks<Store>,
  open: () => Promise<Harness<Store>>,
): void {
  describe(name, () => {
    let harness: Harness<Store> | undefined;
    beforeAll(async () => {
      harness = await open();
    });
    afterAll(() => harness?.close());
    for (const [promise, check] of Object.entries(checks)) {
      it(promise, async () => {
        if (harness === undefined) throw new Error("the store was not opened");
        await check(harness);
      });
    }
  });
}

/** The promises that a store breaks; each check gets a store of its own. */
export async function brokenPromises<Store>(
  checks: Checks<Store>,
  open: () => Promise<Harness<Store>>,
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const [promise, check] of Object.entries(checks)) {
    const harness = await open();
    try {
      await check(harness);
    } catch {
      broken.push(promise);
    } finally {
      await harness.close();
    }
  }
  return broken;
}

let serial = 0;

/** Unlike every other text of this test file. */
export function fresh(stem: string): string {
  return `${stem}-${++serial}`;
}
