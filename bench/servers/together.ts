/** What runs for the time of a section. */
export interface Stoppable {
  stop(): Promise<unknown>;
}

/** Keeps what was started until the end of the section. */
export type Add = <S extends Stoppable>(starting: Promise<S>) => Promise<S>;

/** Stops everything that was added, the last first, whether or not the work failed. */
export async function together<T>(work: (add: Add) => Promise<T>): Promise<T> {
  const running: Stoppable[] = [];
  try {
    return await work(async (starting) => {
      const started = await starting;
      running.push(started);
      return started;
    });
  } finally {
    for (const server of running.reverse()) await server.stop();
  }
}
