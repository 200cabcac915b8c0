/** Why it could not be shown that one schema accepts all that another accepts. */
export interface Obstacle {
  /** JSON Pointer to the keyword in the way, in the document that is to accept. */
  readonly pointer: string;
  /** Empty where it is a schema `false`. */
  readonly keyword: string;
  readonly reason: string;
  /** Whether it is a refutation where the place can be reached at all; else the judgement is just not up to it. */
  readonly sure: boolean;
}
