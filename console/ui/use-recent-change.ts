import { useEffect, useState } from "preact/hooks";

const RECENT_MS = 3_000;

/** Whether the value was another one within the last seconds. */
export function useRecentChange(value: unknown): boolean {
  const [isRecent, setRecent] = useState(true);
  useEffect(() => {
    setRecent(true);
    const timer = window.setTimeout(() => setRecent(false), RECENT_MS);
    return () => window.clearTimeout(timer);
  }, [value]);
  return isRecent;
}
