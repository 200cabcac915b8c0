import { create } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Consistency, Source, ViewSchema } from "../../../gen/dbconn/v1/common_pb.ts";
import { Violations } from "../../../src/domain/validation.ts";
import { ServiceError } from "../../../src/errors.ts";
import * as convert from "../../../src/rpc/convert.ts";

/** The fields that a conversion finds bad. */
function badFields(work: (v: Violations) => unknown): readonly string[] {
  const v = new Violations();
  work(v);
  try {
    v.throwIfAny();
  } catch (error) {
    if (error instanceof ServiceError) return error.violations.map(({ field }) => field);
    throw error;
  }
  return [];
}

describe("a time", () => {
  it.each([0, 1, 1_700_000_000_123, -1])("of %d ms comes back as it was", (ms) => {
    const v = new Violations();
    expect(convert.fromTimestamp(v, "t", convert.timestamp(ms))).toBe(ms);
  });

  it.each([
    { seconds: 253_402_300_800n },
    { seconds: -62_135_596_801n },
    { nanos: -1 },
    { nanos: 1_000_000_000 },
  ])("that is none is refused, case %#", (init) => {
    const message = create(TimestampSchema, init);
    expect(badFields((v) => convert.fromTimestamp(v, "create_time", message))).toEqual(["create_time"]);
  });

  it("that is unset is undefined", () => {
    expect(convert.fromTimestamp(new Violations(), "t", undefined)).toBeUndefined();
  });
});

describe("a duration", () => {
  it.each([0, 0.25, 1, 999.5, 1500, -1500, 3_600_000])("of %d ms comes back as it was", (ms) => {
    const v = new Violations();
    expect(convert.fromDuration(v, "ttl", convert.duration(ms))).toBe(ms);
  });

  it("has seconds and nanos of one sign, and no negative zero", () => {
    expect(convert.duration(-1500)).toMatchObject({ seconds: -1n, nanos: -500_000_000 });
    expect(Object.is(convert.duration(-1000).nanos, 0)).toBe(true);
  });

  it("just below a second is rounded to the second, never to a thousand million nanos", () => {
    expect(convert.duration(999.999_999_9)).toMatchObject({ seconds: 1n, nanos: 0 });
  });

  it.each([
    { seconds: 315_576_000_001n },
    { seconds: -315_576_000_001n },
    { nanos: 1_000_000_000 },
    { seconds: 1n, nanos: -1 },
    { seconds: -1n, nanos: 1 },
  ])("that is none is refused, case %#", (init) => {
    const message = create(DurationSchema, init);
    expect(badFields((v) => convert.fromDuration(v, "ttl", message))).toEqual(["ttl"]);
    expect(convert.durationToMs(message)).toBeNaN();
  });

  it("that is unset is undefined", () => {
    expect(convert.fromDuration(new Violations(), "ttl", undefined)).toBeUndefined();
  });
});

describe("an int64", () => {
  it("of a revision or count is a safe number", () => {
    expect(convert.fromInt64(new Violations(), "revision", convert.int64(2 ** 53 - 1))).toBe(2 ** 53 - 1);
  });

  it.each([-1n, 2n ** 53n])("of %d is refused", (value) => {
    expect(badFields((v) => convert.fromInt64(v, "min_revision", value))).toEqual(["min_revision"]);
  });
});

describe("an enum", () => {
  it("without a name is refused", () => {
    expect(badFields((v) => convert.checkEnum(v, "view", ViewSchema, 77))).toEqual(["view"]);
    expect(badFields((v) => convert.consistency(v, 77 as Consistency))).toEqual(["consistency"]);
  });

  it.each([
    [Consistency.UNSPECIFIED, "fast"],
    [Consistency.FAST, "fast"],
    [Consistency.STRONG, "strong"],
  ] as const)("of consistency %d is %s", (value, meaning) => {
    expect(convert.consistency(new Violations(), value)).toBe(meaning);
  });
});

it("provenance says where an answer came from, and leaves out what is not known", () => {
  expect(
    convert.provenance({ source: "hot", degraded: true, asOf: 1000, hotExpireTime: 2000 }),
  ).toMatchObject({
    source: Source.HOT,
    degraded: true,
    asOf: { seconds: 1n },
    hotExpireTime: { seconds: 2n },
  });
  const bare = convert.provenance({ source: "durable", degraded: false });
  expect(bare).toMatchObject({ source: Source.DURABLE, degraded: false });
  expect(bare.asOf).toBeUndefined();
  expect(bare.hotExpireTime).toBeUndefined();
});
