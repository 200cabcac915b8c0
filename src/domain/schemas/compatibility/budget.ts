/** Work that a comparison may take, so that a stranger's schemas cannot hold up others. */
export class Budget {
  #left: number;

  /** `steps`: > 0; one is some microseconds. */
  constructor(steps: number) {
    this.#left = steps;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** Throws OutOfBudget. */
  spend(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0) throw new OutOfBudget();
  }
}

/** Never leaves this folder: the answer is UNKNOWN. */
export class OutOfBudget extends Error {}
