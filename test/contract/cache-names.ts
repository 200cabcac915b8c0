import type { CacheStore, Entry, EntryName, SetCondition } from "../../src/ports/cache-store.ts";
import { fresh } from "./check.ts";

export const GENERATION = 10;
export const LONG_MS = 60_000;
export const SHORT_MS = 80;
export const ALWAYS: SetCondition = { kind: "always" };

export function newName(): EntryName {
  return { namespace: "user", key: fresh("key") };
}

export function text(content: string, lifetime: number | undefined = LONG_MS, etag = fresh("etag")) {
  return { value: { kind: "text" as const, text: content }, lifetime, etag };
}

/** An entry that holds the text; answers its name. */
export async function stored(store: CacheStore, content: string, lifetime?: number): Promise<EntryName> {
  const name = newName();
  await store.set(GENERATION, name, text(content, lifetime), ALWAYS);
  return name;
}

export function textOf(entry: Entry | undefined): string | undefined {
  return entry?.value.kind === "text" ? entry.value.text : undefined;
}

export async function read(store: CacheStore, name: EntryName): Promise<string | undefined> {
  return textOf(await store.get(GENERATION, name));
}
