// T9, T10 and T11: what is left when the faults are over, and what watchers were told.
import type { History, HotState, Revision, Violation, Watch } from "./operation.ts";

export function checkAfter(history: History): readonly Violation[] {
  return [
    ...(history.hot ?? []).flatMap((entry) => checkHot(entry, history.final.get(entry.key)?.at(-1))),
    ...(history.lists ?? []).flatMap(({ name, listed, counted }) => checkList(name, listed, counted)),
    ...(history.watches ?? []).flatMap((watch) => checkWatch(watch, history.final.get(watch.key) ?? [])),
  ];
}

function checkHot(entry: HotState, durable: Revision | undefined): readonly Violation[] {
  const violations: Violation[] = [];
  const { key } = entry;
  if (entry.revision !== (durable?.revision ?? 0) || entry.value !== durable?.value) {
    const message = `the hot store holds revision ${entry.revision} (${entry.value}), the durable one ${durable?.revision ?? 0} (${durable?.value})`;
    violations.push({ invariant: "T9", name: "diverged", key, message });
  }
  if (entry.ttlMs === undefined) {
    violations.push({ invariant: "T11", name: "no_ttl", key, message: "the hot entry has no lifetime" });
  }
  return violations;
}

function checkList(
  name: string,
  listed: readonly string[],
  counted: readonly string[],
): readonly Violation[] {
  const [a, b] = [listed.toSorted().join(), counted.toSorted().join()];
  if (a === b) return [];
  return [
    {
      invariant: "T9",
      name: "list",
      key: name,
      message: `the list ${name} shows ${a}, a recount finds ${b}`,
    },
  ];
}

function checkWatch(watch: Watch, final: readonly Revision[]): readonly Violation[] {
  const violations: Violation[] = [];
  const { client, key, events } = watch;
  events.forEach((event, index) => {
    const before = events[index - 1];
    if (before !== undefined && event.revision < before.revision) {
      const message = `${client} was told of revision ${event.revision} after ${before.revision}`;
      violations.push({ invariant: "T10", name: "watch_back", key, message });
    }
    if (watch.whole && before !== undefined && event.revision > before.revision + 1) {
      const message = `${client} was told of revision ${event.revision} right after ${before.revision}`;
      violations.push({ invariant: "T10", name: "watch_gap", key, message });
    }
    const made = final[event.revision - 1];
    if (event.value !== undefined && event.revision > 0 && made?.value !== event.value) {
      const message = `${client} was told of revision ${event.revision} as ${event.value}, and it is ${made?.value}`;
      violations.push({ invariant: "T10", name: "watch_phantom", key, message });
    }
  });
  const [last, end] = [events.at(-1)?.revision ?? 0, final.at(-1)?.revision ?? 0];
  if (!watch.cut && last !== end) {
    const message = `${client} was last told of revision ${last}, and the object ends at ${end}`;
    violations.push({ invariant: "T10", name: "watch_end", key, message });
  }
  return violations;
}
