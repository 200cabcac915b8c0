const BUCKETS = 1024;

/**
 * Keys by hash, so that a scan can go over them in pages without a lock or a snapshot: a key never changes its
 * bucket, so one that is there throughout is met, whatever comes and goes meanwhile.
 */
export class KeyBuckets {
  readonly #buckets: readonly Set<string>[] = Array.from({ length: BUCKETS }, () => new Set<string>());

  add(key: string): void {
    this.#bucketOf(key)?.add(key);
  }

  delete(key: string): void {
    this.#bucketOf(key)?.delete(key);
  }

  /**
   * Whole buckets from position `from` on, until they held at least `count` keys. `next` is where the following page
   * begins; undefined after the last.
   */
  page(from: number, count: number): { readonly keys: readonly string[]; readonly next: number | undefined } {
    const keys: string[] = [];
    let at = from;
    while (at < BUCKETS && keys.length < count) keys.push(...(this.#buckets[at++] ?? []));
    return { keys, next: at < BUCKETS ? at : undefined };
  }

  #bucketOf(key: string): Set<string> | undefined {
    return this.#buckets[hash(key) % BUCKETS];
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return state >>> 0;
}
