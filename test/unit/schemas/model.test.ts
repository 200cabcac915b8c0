// Random histories of one schema against a model that is obviously right.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deleteRelease } from "../../../src/domain/schemas/delete.ts";
import { listSchemaEvents } from "../../../src/domain/schemas/history.ts";
import { publishRelease } from "../../../src/domain/schemas/publish.ts";
import { getRelease } from "../../../src/domain/schemas/reads.ts";
import { listReleases } from "../../../src/domain/schemas/releases.ts";
import { revertSchema } from "../../../src/domain/schemas/revert.ts";
import { ServiceError } from "../../../src/errors.ts";
import { always, type Bench, change, named, openSchemas, publication } from "./support.ts";

type Command =
  | { readonly kind: "publish"; readonly content: number }
  | { readonly kind: "delete" | "revert"; readonly release: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant("publish" as const), content: fc.nat(3) }),
  fc.record({
    kind: fc.constantFrom("delete" as const, "revert" as const),
    release: fc.integer({ min: 1, max: 8 }),
  }),
);

class Model {
  readonly releases = new Map<number, number>();
  active = 0;
  latest = 0;
  revision = 0;

  run(step: Command): string {
    if (step.kind === "publish") {
      if (this.releases.get(this.active) === step.content) return "UNCHANGED";
      this.revision++;
      this.active = ++this.latest;
      this.releases.set(this.latest, step.content);
      return this.latest === 1 ? "CREATED" : "RELEASED";
    }
    const { release } = step;
    if (this.latest === 0) return "SCHEMA_NOT_FOUND";
    if (!this.releases.has(release)) return "RELEASE_NOT_FOUND";
    if (step.kind === "revert") {
      if (this.active !== release) this.revision++;
      this.active = release;
      return "ok";
    }
    if (this.releases.size === 1) return "ONLY_RELEASE";
    this.revision++;
    this.releases.delete(release);
    const rest = [...this.releases.keys()];
    const below = rest.filter((n) => n < release);
    if (this.active === release) this.active = Math.max(...(below.length > 0 ? below : rest));
    return "ok";
  }
}

async function run({ context }: Bench, step: Command): Promise<string> {
  try {
    if (step.kind === "publish")
      return (await publishRelease(context, publication({ const: step.content }))).outcome;
    const input = change({ release: step.release, allowDeleteSchema: false });
    if (step.kind === "revert") await revertSchema(context, input);
    else await deleteRelease(context, input);
    return "ok";
  } catch (error) {
    if (error instanceof ServiceError) return error.reason;
    throw error;
  }
}

describe("any history of a schema", () => {
  it("keeps contents, never repeats a number, and has an active release that is there", async () => {
    const bench = await openSchemas();
    let schemas = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25 }), async (steps) => {
        const name = `s${++schemas}`;
        const own: Bench = {
          ...bench,
          context: {
            ...bench.context,
            objects: {
              read: (_, ...rest) => bench.context.objects.read(name, ...rest),
              readMany: (...args) => bench.context.objects.readMany(...args),
              mutate: (_, ...rest) => bench.context.objects.mutate(name, ...rest),
              transform: (_, ...rest) => bench.context.objects.transform(name, ...rest),
              history: (_, ...rest) => bench.context.objects.history(name, ...rest),
            },
          },
        };
        const model = new Model();
        for (const step of steps) {
          expect(await run(own, step)).toBe(model.run(step));
          if (model.latest === 0) continue;
          const { release } = await getRelease(own.context, named({ release: 0 }));
          expect([release.number, release.document]).toEqual([
            model.active,
            { const: model.releases.get(model.active) },
          ]);
        }
        if (model.latest === 0) return;
        const listed = await listReleases(
          own.context,
          { name: "orders", pageSize: 0, pageToken: "", view: "full" },
          always,
        );
        expect(listed.releases.map(({ number, document }) => [number, document])).toEqual(
          [...model.releases].toReversed().map(([number, content]) => [number, { const: content }]),
        );
        const { events } = await listSchemaEvents(
          own.context,
          { name: "orders", pageSize: 0, pageToken: "" },
          always,
        );
        expect(events.map(({ revision }) => revision)).toEqual(
          Array.from({ length: model.revision }, (_, i) => i + 1),
        );
        expect(events.at(-1)?.activeRelease).toBe(model.active);
      }),
      { numRuns: 100 },
    );
  });
});
