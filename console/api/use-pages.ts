import { useEffect, useState } from "preact/hooks";
import { describeFailure, isAbandoned } from "./failure.ts";
import { signIns } from "./token.ts";

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

export interface Pages<T> {
  /** Of all pages read so far. */
  readonly items: readonly T[];
  readonly failure: string | undefined;
  /** Reads the next page; undefined when there is none, or while one is on its way. */
  readonly next: (() => void) | undefined;
  /** From the first page again. */
  reload(): void;
}

/** Reads the first page, again whenever a key changes, and further ones when asked. */
export function usePages<T>(
  read: (pageToken: string, signal: AbortSignal) => Promise<Page<T>>,
  keys: readonly unknown[],
): Pages<T> {
  const [pages, setPages] = useState<readonly Page<T>[]>([]);
  const [failure, setFailure] = useState<string>();
  const [wanted, setWanted] = useState(0);
  const [round, setRound] = useState(0);
  const all = [...keys, round, signIns.value];
  useEffect(() => {
    setWanted(0);
  }, all);
  useEffect(() => {
    const gone = new AbortController();
    const token = wanted === 0 ? "" : (pages[wanted - 1]?.nextPageToken ?? "");
    read(token, gone.signal).then(
      (page) => {
        if (gone.signal.aborted) return;
        setFailure(undefined);
        setPages((before) => [...before.slice(0, wanted), page]);
      },
      (error: unknown) => {
        if (!gone.signal.aborted && !isAbandoned(error)) setFailure(describeFailure(error));
      },
    );
    return () => gone.abort();
  }, [...all, wanted]);
  const hasMore = pages.length > wanted && pages.at(-1)?.nextPageToken !== "";
  return {
    items: pages.flatMap(({ items }) => items),
    failure,
    next: hasMore ? () => setWanted(pages.length) : undefined,
    reload: () => setRound((before) => before + 1),
  };
}
