import { useEffect, useState } from "preact/hooks";
import { describeFailure, isAbandoned } from "./failure.ts";
import { signIns } from "./token.ts";

export interface Called<T> {
  /** The newest answer; it stays while a newer one is on its way, or fails to come. */
  readonly data: T | undefined;
  readonly failure: string | undefined;
  readonly isLoading: boolean;
  reload(): void;
}

/**
 * Calls when the component appears, when one of the keys changes, after a sign-in, every `everyMs` where it is given
 * (not while the page is hidden), and when told to.
 */
export function useCall<T>(
  call: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  everyMs?: number,
): Called<T> {
  const [state, setState] = useState<{ data?: T; failure?: string; isLoading: boolean }>({ isLoading: true });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    let timer: number | undefined;
    const run = async () => {
      try {
        const data = await call(gone.signal);
        if (!gone.signal.aborted) setState({ data, isLoading: false });
      } catch (error) {
        if (gone.signal.aborted || isAbandoned(error)) return;
        setState((before) => ({ ...before, failure: describeFailure(error), isLoading: false }));
      }
      if (everyMs !== undefined && !gone.signal.aborted) timer = window.setTimeout(whenSeen, everyMs);
    };
    const whenSeen = () => {
      if (document.visibilityState === "visible") void run();
      else timer = window.setTimeout(whenSeen, everyMs);
    };
    setState((before) => ({ ...before, isLoading: true }));
    void run();
    return () => {
      gone.abort();
      window.clearTimeout(timer);
    };
  }, [...keys, round, everyMs, signIns.value]);
  return {
    data: state.data,
    failure: state.failure,
    isLoading: state.isLoading,
    reload: () => setRound((before) => before + 1),
  };
}
