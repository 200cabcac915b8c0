import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 25;

/**
 * Looks again and again, for as long as the test may run, until what it sees is as it should be, and answers it. For
 * states that nobody announces, such as the mode of a service whose store was killed.
 */
export async function until<Seen>(
  look: () => Promise<Seen>,
  isReached: (seen: Seen) => boolean,
): Promise<Seen> {
  for (;;) {
    const seen = await look();
    if (isReached(seen)) return seen;
    await delay(PAUSE_MS);
  }
}
