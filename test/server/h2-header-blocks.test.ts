import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HeaderBlocks } from "../../src/server/h2/header-blocks.ts";
import { HeaderDecoder } from "../../src/server/h2/header-decoder.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 600);
const GRPC = { "content-type": "application/grpc" };

function read(block: Buffer): Record<string, string> {
  const fields = new HeaderDecoder().decode(block, 0, block.length);
  return Object.fromEntries(fields.map(({ name, value }) => [name, value]));
}

describe("the header block of an answer", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());

  it("has the date of its own second, whatever the last one had", () => {
    const blocks = new HeaderBlocks();
    const dates = [0, 300, 500, 1500].map((afterMs) => {
      vi.setSystemTime(NOW + afterMs);
      return read(blocks.of(GRPC, false, 200)).date;
    });
    const at = (second: number) => `Fri, 02 Jan 2026 03:04:0${second} GMT`;
    expect(dates).toEqual([at(5), at(5), at(6), at(7)]);
  });

  it("has its own status and fields, whatever the last one had", () => {
    const blocks = new HeaderBlocks();
    const json = { "content-type": "application/json" };
    const asked = [
      [GRPC, 200],
      [GRPC, 200],
      [json, 200],
      [json, 429],
      [GRPC, 429],
    ] as const;
    for (const [fields, status] of asked) {
      expect(read(blocks.of(fields, false, status))).toMatchObject({ ":status": `${status}`, ...fields });
    }
  });

  it("confirms to one reader that its table has no room, and says nothing of it to the next", () => {
    const blocks = new HeaderBlocks();
    const first = [true, true, false, true].map((confirms) => blocks.of(GRPC, confirms, 200)[0]);
    expect(first).toEqual([0x20, 0x20, 0x88, 0x20]);
  });
});

describe("the block of trailers", () => {
  it("has neither status nor date, and repeats a name as often as it has values", () => {
    const trailers = { "grpc-status": "0", "set-cookie": ["a", "b"] };
    const block = new HeaderBlocks().of(trailers, false);
    const fields = new HeaderDecoder().decode(block, 0, block.length).map(({ name, value }) => [name, value]);
    expect(fields).toEqual([
      ["grpc-status", "0"],
      ["set-cookie", "a"],
      ["set-cookie", "b"],
    ]);
  });
});
