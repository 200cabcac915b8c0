import type { DescEnum } from "@bufbuild/protobuf";
import { TaskStateSchema } from "../gen/dbconn/v1/task_pb.ts";
import { UsageError } from "./failure.ts";

/** An enum value by its name without the prefix, in small letters. */
export const wordOf = (desc: DescEnum, value: number): string =>
  (desc.value[value]?.localName ?? String(value)).toLowerCase();

/** What people may write for an enum's values. */
export const wordsOf = (desc: DescEnum): readonly string[] =>
  desc.values.filter(({ number }) => number !== 0).map(({ localName }) => localName.toLowerCase());

export const STATES = wordsOf(TaskStateSchema);

export function numberOf<Value extends number>(desc: DescEnum, word: string): Value {
  const found = desc.values.find(({ localName }) => localName.toLowerCase() === word);
  if (found === undefined) throw new UsageError(`${word} is none of ${wordsOf(desc).join(", ")}`);
  return found.number as Value;
}

/** `import/42` as kind and task id. */
export function taskName(text: string): { readonly kind: string; readonly taskId: string } {
  const [kind = "", taskId = "", ...more] = text.split("/");
  if (kind === "" || taskId === "" || more.length > 0) {
    throw new UsageError(`a task is named KIND/ID, such as import/42; got ${text}`);
  }
  return { kind, taskId };
}
