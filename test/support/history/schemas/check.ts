/** S1 to S5, and what holds of every write (T1, T2, E1) and of the audit trail (A1), over one history of schemas. */
import type { Violation } from "../operation.ts";
import { checkAnswers, describe } from "./answers.ts";
import type { FinalSchema, SchemaHistory, SchemaOperation, TrailEvent } from "./operation.ts";
import { NEVER_MADE, replayTrail, type SchemaState } from "./trail.ts";

export function checkSchemas({ operations, final, mayFollow }: SchemaHistory): readonly Violation[] {
  const byName = Map.groupBy(operations, ({ name }) => name);
  return final.flatMap((schema) => {
    const mine = byName.get(schema.name) ?? [];
    const writes = byRequest(mine);
    const { states, violations } = replayTrail(schema, writes, mayFollow);
    return [
      ...violations,
      ...checkEnd(schema, states.at(-1) ?? NEVER_MADE),
      ...[...writes.values()].flatMap((calls) => checkEffect(schema, calls)),
      ...checkAnswers(schema.name, mine, schema.events, states),
    ];
  });
}

function byRequest(operations: readonly SchemaOperation[]): ReadonlyMap<string, readonly SchemaOperation[]> {
  const requests = new Map<string, SchemaOperation[]>();
  for (const operation of operations) {
    const { requestId } = operation;
    if (requestId === undefined) continue;
    const calls = requests.get(requestId);
    if (calls === undefined) requests.set(requestId, [operation]);
    else calls.push(operation);
  }
  return requests;
}

/** T1 and E1: all calls of one request. What is acknowledged is in the trail, what is refused is not. */
function checkEffect(schema: FinalSchema, calls: readonly SchemaOperation[]): readonly Violation[] {
  const [first] = calls;
  const made = schema.events.find(({ requestId }) => requestId === first?.requestId);
  const found = calls.flatMap((call) => lost(schema, call, made));
  if (first === undefined || made === undefined || !calls.every(hadNoEffect)) return found;
  const message = `${describe(first)} had no effect by its answer, and made revision ${made.revision}`;
  return [...found, { invariant: "E1", name: "had_effect", key: schema.name, message }];
}

function hadNoEffect({ answer }: SchemaOperation): boolean {
  if (answer === undefined) return false;
  return answer.outcome === "failed" ? answer.applied === "no" : answer.appliedRevision === 0;
}

function lost(
  { name }: FinalSchema,
  call: SchemaOperation,
  made: TrailEvent | undefined,
): readonly Violation[] {
  const { answer } = call;
  const isThere =
    answer?.outcome === "ok"
      ? !answer.appliedRevision || made?.revision === answer.appliedRevision
      : answer?.applied !== "yes" || made !== undefined;
  if (isThere) return [];
  const where = made === undefined ? "not in the trail" : `revision ${made.revision}`;
  const message = `${describe(call)} was acknowledged (${JSON.stringify(answer)}) and is ${where}`;
  return [{ invariant: "T1", name: "lost", key: name, message }];
}

/** S1 and S5: the schema as it is in the end is the one that the trail leads to. */
function checkEnd({ name, schema, releases }: FinalSchema, state: SchemaState): readonly Violation[] {
  const violations: Violation[] = [];
  const differs = (what: string, shown: unknown, known: unknown) => {
    if (shown === known) return;
    const message = `${what} is ${String(shown)}, and ${String(known)} by the trail`;
    violations.push({ invariant: "S5", name: "end", key: name, message });
  };
  differs("whether it is there", schema !== undefined, state.live);
  if (schema !== undefined) {
    differs("deleted", schema.deleted, state.deleted);
    differs("the revision", schema.revision, state.revision);
    differs("the active release", schema.active, state.active);
    differs("the latest release", schema.latest, state.latest);
    differs("the number of releases", schema.count, state.releases.size);
  }
  if (releases === undefined) return violations;
  const numbers = (all: Iterable<number>) => [...all].toSorted((a, b) => a - b).join();
  differs(
    "the list of releases",
    numbers(releases.map(({ number }) => number)),
    numbers(state.releases.keys()),
  );
  for (const { number, content } of releases) {
    const published = state.releases.get(number);
    if (published === undefined || published === content) continue;
    const message = `release ${number} is ${content}, it was published as ${published}`;
    violations.push({ invariant: "S1", name: "changed", key: name, message });
  }
  return violations;
}
