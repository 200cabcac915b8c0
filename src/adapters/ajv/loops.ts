import type { Dialect } from "../../dialect.ts";
import type { SchemaProblem } from "../../ports/document-validator.ts";
import { step } from "./pointer.ts";
import type { Reference, ResolvedDocument } from "./references.ts";
import { childrenOf, type Subschema } from "./subschemas.ts";

/** Keywords whose schemas judge the same value, and not a part of it. */
const IN_PLACE: ReadonlySet<string> = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependencies",
  "dependentSchemas",
]);

/**
 * References that lead back to where they are without a step into the document: judging by them never ends, whatever
 * the document is.
 */
export function loops({ schemas, references }: ResolvedDocument, dialect: Dialect): readonly SchemaProblem[] {
  const byPointer = new Map(schemas.map((found) => [found.pointer, found]));
  const outgoing = Map.groupBy(references, ({ from }) => from.pointer);
  const next = (found: Subschema): readonly (readonly [Subschema, Reference | undefined])[] => {
    // In draft-07 nothing counts beside a reference.
    const isShadowed = dialect === "draft-07" && outgoing.has(found.pointer);
    const children = isShadowed ? [] : [...childrenOf(found.schema, found.pointer)];
    const inside = children.filter(({ keyword }) => IN_PLACE.has(keyword));
    const steps = [
      ...inside.map(({ pointer }) => [pointer, undefined] as const),
      ...(outgoing.get(found.pointer) ?? []).map(
        (reference) => [reference.target.pointer, reference] as const,
      ),
    ];
    return steps.flatMap(([pointer, reference]) => {
      const target = byPointer.get(pointer);
      return target === undefined ? [] : [[target, reference] as const];
    });
  };
  const problems: SchemaProblem[] = [];
  const done = new Set<Subschema>();
  for (const start of schemas) {
    if (done.has(start)) continue;
    // Depth first, without recursion: what is open lies on the way to the schema that is looked at.
    const open = new Set([start]);
    const stack = [{ schema: start, steps: next(start).values() }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { value } = top.steps.next();
      if (value === undefined) {
        open.delete(top.schema);
        done.add(top.schema);
        stack.pop();
        continue;
      }
      const [target, reference] = value;
      if (open.has(target)) {
        // Only a reference can lead back.
        const pointer =
          reference === undefined ? target.pointer : step(top.schema.pointer, reference.keyword);
        problems.push({
          pointer,
          message: "leads back to itself before any part of a document is looked at",
        });
      } else if (!done.has(target)) {
        open.add(target);
        stack.push({ schema: target, steps: next(target).values() });
      }
    }
  }
  return problems;
}
