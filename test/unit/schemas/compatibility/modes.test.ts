import { describe, expect, it } from "vitest";
import { deleteRelease } from "../../../../src/domain/schemas/delete.ts";
import { publishRelease } from "../../../../src/domain/schemas/publish.ts";
import { getRelease } from "../../../../src/domain/schemas/reads.ts";
import { revertSchema } from "../../../../src/domain/schemas/revert.ts";
import type { Compatibility } from "../../../../src/domain/schemas/schema.ts";
import { updateSchema } from "../../../../src/domain/schemas/update.ts";
import { ServiceError } from "../../../../src/errors.ts";
import type { Json } from "../../../../src/json.ts";
import {
  type Bench,
  change,
  failure,
  headOf,
  named,
  openSchemas,
  publication,
  schemaNow,
  withMethods,
} from "../support.ts";

const WIDE = { type: ["string", "integer", "null"] };
const MIDDLE = { type: ["string", "integer"] };
const NARROW = { type: "string" };
const OTHER = { type: "boolean" };
/** Whether one is the other is beyond what is judged. */
const PATTERN = { type: "string", pattern: "^(?:ab|ba)*$" };
const SAME_PATTERN = { type: "string", pattern: "^(?:ba|ab)*$" };

async function opened(compatibility: Compatibility, ...documents: readonly Json[]): Promise<Bench> {
  const bench = await openSchemas();
  for (const document of documents) await publishRelease(bench.context, publication(document));
  await updateSchema(bench.context, change({ ...UNCHANGED, compatibility }));
  return bench;
}

const UNCHANGED = {
  compatibility: undefined,
  labels: undefined,
  description: undefined,
  updateMask: undefined,
} as const;

async function outcome(bench: Bench, document: Json): Promise<string> {
  try {
    return (await publishRelease(bench.context, publication(document))).outcome;
  } catch (error) {
    return error instanceof ServiceError ? error.reason : String(error);
  }
}

describe("a mode", () => {
  it.each<[Compatibility, readonly [Json, Json], "RELEASED" | "INCOMPATIBLE_SCHEMA"]>([
    ["NONE", [NARROW, OTHER], "RELEASED"],
    ["BACKWARD", [NARROW, MIDDLE], "RELEASED"],
    ["BACKWARD", [MIDDLE, NARROW], "INCOMPATIBLE_SCHEMA"],
    ["BACKWARD", [NARROW, OTHER], "INCOMPATIBLE_SCHEMA"],
    ["FORWARD", [MIDDLE, NARROW], "RELEASED"],
    ["FORWARD", [NARROW, MIDDLE], "INCOMPATIBLE_SCHEMA"],
    ["FULL", [NARROW, { ...NARROW, title: "t" }], "RELEASED"],
    ["FULL", [NARROW, { anyOf: [NARROW] }], "RELEASED"],
    ["FULL", [NARROW, MIDDLE], "INCOMPATIBLE_SCHEMA"],
    ["FULL", [MIDDLE, NARROW], "INCOMPATIBLE_SCHEMA"],
    ["BACKWARD_TRANSITIVE", [NARROW, MIDDLE], "RELEASED"],
    ["FORWARD_TRANSITIVE", [MIDDLE, NARROW], "RELEASED"],
    ["FULL_TRANSITIVE", [NARROW, MIDDLE], "INCOMPATIBLE_SCHEMA"],
  ])("%s of %j", async (mode, [older, newer], expected) => {
    const bench = await opened(mode, older);
    expect(await outcome(bench, newer)).toBe(expected);
    expect((await schemaNow(bench)).releaseCount).toBe(expected === "RELEASED" ? 2 : 1);
  });

  it("looks at the active release, a transitive one at all that remain", async () => {
    const documents = [WIDE, MIDDLE, NARROW];
    expect(await outcome(await opened("BACKWARD", ...documents), MIDDLE)).toBe("RELEASED");
    const transitive = await opened("BACKWARD_TRANSITIVE", ...documents);
    const error = await failure(publishRelease(transitive.context, publication(MIDDLE)));
    expect(error).toMatchObject({ reason: "INCOMPATIBLE_SCHEMA", metadata: { release: "1" } });
    await deleteRelease(transitive.context, change({ release: 1, allowDeleteSchema: false }));
    expect(await outcome(transitive, MIDDLE)).toBe("RELEASED");
  });

  it("looks at the release that was made active, and does not judge making it so", async () => {
    const bench = await opened("BACKWARD", WIDE, NARROW);
    await revertSchema(bench.context, change({ release: 1 }));
    expect(await outcome(bench, MIDDLE)).toBe("INCOMPATIBLE_SCHEMA");
    await revertSchema(bench.context, change({ release: 2 }));
    expect(await outcome(bench, MIDDLE)).toBe("RELEASED");
  });

  it("comes with a new schema and holds from its second release on", async () => {
    const bench = await openSchemas();
    const made = await publishRelease(bench.context, publication(MIDDLE, { compatibility: "FULL" }));
    expect(made.schema.compatibility).toBe("FULL");
    expect(made.release?.change).toBeUndefined();
    expect(await outcome(bench, NARROW)).toBe("INCOMPATIBLE_SCHEMA");
  });

  it("refuses in a rehearsal what it refuses in earnest", async () => {
    const bench = await opened("BACKWARD", MIDDLE);
    const rehearsal = (document: Json) =>
      publishRelease(bench.context, publication(document, { validateOnly: true }));
    expect((await failure(rehearsal(NARROW))).reason).toBe("INCOMPATIBLE_SCHEMA");
    expect(await rehearsal(WIDE)).toMatchObject({ outcome: "RELEASED", release: { change: "BACKWARD" } });
    expect((await schemaNow(bench)).releaseCount).toBe(1);
  });

  it("lets what is there already pass as unchanged", async () => {
    const bench = await opened("FULL", NARROW);
    expect(await outcome(bench, NARROW)).toBe("UNCHANGED");
  });

  it("refuses with the first thing in the way", async () => {
    const bench = await opened("FORWARD", { properties: { a: NARROW } });
    const error = await failure(publishRelease(bench.context, publication({ properties: { a: MIDDLE } })));
    expect(error).toMatchObject({
      kind: "failed_precondition",
      reason: "INCOMPATIBLE_SCHEMA",
      applied: "no",
      metadata: {
        compatibility: "FORWARD",
        release: "1",
        direction: "forward",
        verdict: "refuted",
        pointer: "/properties/a/type",
        keyword: "type",
      },
    });
    const before = await headOf(bench);
    expect(before).toMatchObject({ count: 1, active: 1 });
  });

  it("refuses what cannot be decided, and says that it is not decided", async () => {
    const bench = await opened("BACKWARD", PATTERN);
    const error = await failure(publishRelease(bench.context, publication(SAME_PATTERN)));
    expect(error).toMatchObject({
      reason: "INCOMPATIBLE_SCHEMA",
      metadata: { verdict: "unknown", pointer: "/pattern", keyword: "pattern" },
    });
  });
});

describe("a pair that takes too long to judge", () => {
  const tooComplex = async () => {
    throw new ServiceError("resource_exhausted", "TOO_COMPLEX", "too complex");
  };

  it("is undecided: NONE takes it as UNKNOWN, the others refuse it", async () => {
    const bench = await opened("NONE", NARROW);
    const context = {
      ...bench.context,
      comparer: withMethods(bench.context.comparer, { judge: tooComplex }),
    };
    const { release } = await publishRelease(context, publication(MIDDLE));
    expect(release?.change).toBe("UNKNOWN");
    await updateSchema(context, change({ ...UNCHANGED, compatibility: "BACKWARD" }));
    const refused = await failure(publishRelease(context, publication(WIDE)));
    expect(refused).toMatchObject({ reason: "INCOMPATIBLE_SCHEMA", metadata: { verdict: "unknown" } });
  });

  it("is not undecided when the call has no time left: it fails as the call does", async () => {
    const bench = await opened("NONE", NARROW);
    const late = async () => {
      throw new ServiceError("deadline_exceeded", "DEADLINE_EXCEEDED", "late");
    };
    const context = { ...bench.context, comparer: withMethods(bench.context.comparer, { judge: late }) };
    expect(await failure(publishRelease(context, publication(MIDDLE)))).toMatchObject({
      kind: "deadline_exceeded",
    });
  });
});

describe("the change of a release", () => {
  it("is its class against the release before it, active or not", async () => {
    const bench = await openSchemas();
    const changes: unknown[] = [];
    for (const document of [
      NARROW,
      MIDDLE,
      WIDE,
      { ...WIDE, title: "t" },
      NARROW,
      OTHER,
      PATTERN,
      SAME_PATTERN,
    ]) {
      const { release } = await publishRelease(bench.context, publication(document));
      changes.push(release?.change);
    }
    expect(changes).toEqual([
      undefined,
      "BACKWARD",
      "BACKWARD",
      "ANNOTATION_ONLY",
      "FORWARD",
      "BREAKING",
      "BREAKING",
      "UNKNOWN",
    ]);
    await revertSchema(bench.context, change({ release: 1 }));
    const again = await publishRelease(bench.context, publication(SAME_PATTERN));
    expect(again.release?.change).toBe("IDENTICAL");
    const { release } = await getRelease(bench.context, named({ release: 3 }));
    expect(release.change).toBe("BACKWARD");
  });
});

describe("what was judged still holds when it is written", () => {
  /** A publisher that is held up before its last write, once, while something else happens to the schema. */
  async function racing(bench: Bench, meanwhile: () => Promise<unknown>): Promise<Bench> {
    let isFirst = true;
    let stored = false;
    const { instance } = bench;
    return openSchemas({
      instance,
      idPrefix: "late",
      store: (store) =>
        withMethods(store, {
          insertMany: async (...args) => {
            await store.insertMany(...args);
            stored = true;
          },
        }),
      objects: (objects) =>
        withMethods(objects, {
          transform: async (...args) => {
            if (stored && isFirst) {
              isFirst = false;
              await meanwhile();
            }
            return objects.transform(...args);
          },
        }),
    });
  }

  it("against a release that came meanwhile", async () => {
    const bench = await opened("BACKWARD", NARROW);
    const late = await racing(bench, () => publishRelease(bench.context, publication(WIDE)));
    expect(await outcome(late, MIDDLE)).toBe("INCOMPATIBLE_SCHEMA");
    expect((await schemaNow(bench)).latestRelease).toBe(2);
  });

  it("under a mode that came meanwhile", async () => {
    const bench = await opened("NONE", MIDDLE);
    const late = await racing(bench, () =>
      updateSchema(bench.context, change({ ...UNCHANGED, compatibility: "BACKWARD" })),
    );
    expect(await outcome(late, NARROW)).toBe("INCOMPATIBLE_SCHEMA");
  });

  it("against a release that became active meanwhile", async () => {
    const bench = await opened("BACKWARD", WIDE, NARROW);
    const late = await racing(bench, () => revertSchema(bench.context, change({ release: 1 })));
    expect(await outcome(late, MIDDLE)).toBe("INCOMPATIBLE_SCHEMA");
  });

  it("and the class is against the release that came meanwhile", async () => {
    const bench = await opened("NONE", NARROW);
    const late = await racing(bench, () => publishRelease(bench.context, publication(WIDE)));
    const { release } = await publishRelease(late.context, publication(MIDDLE));
    expect(release).toMatchObject({ number: 3, change: "FORWARD" });
  });

  it("of 50 publishers, in two processes, that each widen or narrow at random", async () => {
    const bench = await opened("BACKWARD", { type: "integer", maximum: 0 });
    const other = await openSchemas({ instance: bench.instance, idPrefix: "other" });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const document = { type: "integer", maximum: (index * 37) % 101 };
        return outcome(index % 2 === 0 ? bench : other, document);
      }),
    );
    const known = ["RELEASED", "UNCHANGED", "INCOMPATIBLE_SCHEMA", "CONTENTION"];
    expect(results.every((result) => known.includes(result))).toBe(true);
    const { releaseCount } = await schemaNow(bench);
    expect(releaseCount - 1).toBe(results.filter((result) => result === "RELEASED").length);
    const maxima: number[] = [];
    for (let release = 1; release <= releaseCount; release++) {
      const read = await getRelease(bench.context, named({ release }));
      maxima.push(Number((read.release.document as { maximum: number }).maximum));
    }
    // Each release accepts what the one before it accepted.
    expect(maxima).toEqual(maxima.toSorted((a, b) => a - b));
  });
});
