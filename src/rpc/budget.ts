import type { Budget } from "../domain/paging.ts";

/** Below the 4 MiB that gRPC clients take by default, with room for what surrounds the items. */
const RESPONSE_BYTES = 3 * 1024 * 1024;

/** Keeps the items of one page or batch answer within what clients can receive. One an answer. */
export class ResponseBudget implements Budget {
  #left: number;
  #empty = true;

  constructor(bytes = RESPONSE_BYTES) {
    this.#left = bytes;
  }

  /** Takes the item's `bytes` when they fit. The first item always fits, or a list could never get past it. */
  take(bytes: number): boolean {
    if (!this.#empty && bytes > this.#left) return false;
    this.#empty = false;
    this.#left -= bytes;
    return true;
  }
}
