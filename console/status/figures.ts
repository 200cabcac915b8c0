import { useEffect, useState } from "preact/hooks";
import { Store } from "../../gen/dbconn/v1/status_pb.ts";
import { bounded, cacheApi, statusApi } from "../api/clients.ts";
import { milliseconds } from "../ui/format.ts";

const MEASURE_EVERY_MS = 1_000;
const KEPT = 120;

/** Undefined where nothing came, or nothing was asked of the cache. */
export interface Figures {
  readonly hotMs: number | undefined;
  readonly durableMs: number | undefined;
  /** Of this instance's cache reads since the figure before: 0 to 1. */
  readonly hitRate: number | undefined;
}

/** The last two minutes, one figure a second, oldest first. */
export function useFigures(): readonly Figures[] {
  const [figures, setFigures] = useState<readonly Figures[]>([]);
  useEffect(() => {
    const gone = new AbortController();
    let timer: number | undefined;
    let before: Reads | undefined;
    const measure = async () => {
      const [hotMs, durableMs, reads] = await Promise.all([
        latency(Store.HOT, gone.signal),
        latency(Store.DURABLE, gone.signal),
        cacheReads(gone.signal),
      ]);
      if (gone.signal.aborted) return;
      const figure = { hotMs, durableMs, hitRate: hitRate(before, reads) };
      before = reads ?? before;
      setFigures((known) => [...known, figure].slice(-KEPT));
      timer = window.setTimeout(measure, MEASURE_EVERY_MS);
    };
    void measure();
    return () => {
      gone.abort();
      window.clearTimeout(timer);
    };
  }, []);
  return figures;
}

interface Reads {
  readonly hits: bigint;
  readonly misses: bigint;
}

async function latency(store: Store, signal: AbortSignal): Promise<number | undefined> {
  try {
    return milliseconds((await statusApi.pingStore({ store }, bounded(signal))).latency);
  } catch {
    return undefined;
  }
}

async function cacheReads(signal: AbortSignal): Promise<Reads | undefined> {
  try {
    return await cacheApi.getCacheStats({}, bounded(signal));
  } catch {
    return undefined;
  }
}

function hitRate(before: Reads | undefined, now: Reads | undefined): number | undefined {
  if (before === undefined || now === undefined) return undefined;
  const hits = Number(now.hits - before.hits);
  const reads = hits + Number(now.misses - before.misses);
  // Another instance behind the same address counts for itself.
  return reads <= 0 || hits < 0 ? undefined : hits / reads;
}
