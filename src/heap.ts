/** What this process asks of V8's heaps. */
import { Session } from "node:inspector/promises";
import { setFlagsFromString } from "node:v8";

/** Of what a full collection leaves. */
const GROWTH_PERCENT = 200;

/**
 * Lets the heaps of all threads grow by as much before the next full collection. By itself V8 decides by how fast a
 * thread allocates. One that makes little garbage gets a tenth to a third of what it has, a few megabytes; a single
 * large message takes as much, and each few of them would stop all calls for a full collection.
 */
export function letHeapsGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

/**
 * Gives back the memory of this thread that its start took and nothing needs any more, in some tens of milliseconds.
 * V8 grows its spaces while modules load, and by itself gives them back only when memory gets short. Under load it
 * grows them again, though slowly where little of what calls allocate outlives them.
 */
export async function trimHeap(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    // What V8 calls a notification of low memory; no flag of the process is needed for it.
    await session.post("HeapProfiler.collectGarbage");
  } finally {
    session.disconnect();
  }
}
