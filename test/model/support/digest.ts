/** Adds a text to a 53-bit digest (cyrb53): wide enough that millions of states do not meet by chance. */
export function mix(digest: number, text: string): number {
  let high = 0xdeadbeef ^ (digest % 0x100000000);
  let low = 0x41c6ce57 ^ Math.floor(digest / 0x100000000);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
