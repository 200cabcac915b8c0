/**
 * As many as keep a page small when there are millions of keys, since what a bucket holds beyond the page has to travel
 * in its token; empty ones cost a step of the scan each, and no memory.
 */
const BUCKETS = 65_536;

/**
 * Keys by hash, so that a scan can go over them in pages without a lock or a snapshot: a key never changes its
 * bucket, so one that is there throughout is met, whatever comes and goes meanwhile.
 */
export class KeyBuckets {
  /** By position; those that hold nothing are not there. */
  readonly #buckets = new Map<number, Set<string>>();

  add(key: string): void {
    const at = hash(key) % BUCKETS;
    const bucket = this.#buckets.get(at);
    if (bucket === undefined) this.#buckets.set(at, new Set([key]));
    else bucket.add(key);
  }

  delete(key: string): void {
    const at = hash(key) % BUCKETS;
    const bucket = this.#buckets.get(at);
    bucket?.delete(key);
    if (bucket?.size === 0) this.#buckets.delete(at);
  }

  /**
   * Whole buckets from position `from` on, until they held at least `count` keys. `next` is where the following page
   * begins; undefined after the last.
   */
  page(from: number, count: number): { readonly keys: readonly string[]; readonly next: number | undefined } {
    const keys: string[] = [];
    let at = from;
    while (at < BUCKETS && keys.length < count) keys.push(...(this.#buckets.get(at++) ?? []));
    return { keys, next: at < BUCKETS ? at : undefined };
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return state >>> 0;
}
