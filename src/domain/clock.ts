/** Wall-clock time; a parameter, so that tests and the simulator own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Source of names that nobody can guess and that never repeat; base64url or hexadecimal characters. */
export interface Ids {
  random(): string;
}
