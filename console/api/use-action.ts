import { useState } from "preact/hooks";
import { describeFailure } from "./failure.ts";

export interface Action {
  readonly failure: string | undefined;
  readonly isRunning: boolean;
  /** Resolves with whether it worked; one at a time. */
  run(change: () => Promise<unknown>): Promise<boolean>;
}

/** For what a person starts by a button: at most one at a time, and its failure stays until the next. */
export function useAction(): Action {
  const [failure, setFailure] = useState<string>();
  const [isRunning, setRunning] = useState(false);
  return {
    failure,
    isRunning,
    run: async (change) => {
      if (isRunning) return false;
      setRunning(true);
      setFailure(undefined);
      try {
        await change();
        return true;
      } catch (error) {
        setFailure(describeFailure(error));
        return false;
      } finally {
        setRunning(false);
      }
    },
  };
}
