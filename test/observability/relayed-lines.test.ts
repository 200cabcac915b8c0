import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { relayLines } from "../../src/observability/log.ts";

function relayed(processes: number) {
  const pieces: string[] = [];
  const outputs = Array.from({ length: processes }, () => {
    const output = new PassThrough();
    relayLines(output, { write: (text: string) => void pieces.push(text) });
    return output;
  });
  return { pieces, outputs };
}

async function write(output: PassThrough | undefined, bytes: string | Buffer): Promise<void> {
  output?.write(bytes);
  await new Promise((resolve) => setImmediate(resolve));
}

describe("the lines of several processes", () => {
  it("do not mix, wherever their pieces end", async () => {
    const { pieces, outputs } = relayed(2);
    const [one, other] = outputs;
    await write(one, "one: 1\none: 2 has a");
    await write(other, "other: 1 has a");
    await write(one, " long");
    await write(other, " middle\nother: 2\n");
    await write(one, " end\n");
    expect(pieces).toEqual(["one: 1\n", "other: 1 has a middle\nother: 2\n", "one: 2 has a long end\n"]);
  });

  it("keep a letter whose bytes come apart", async () => {
    const { pieces, outputs } = relayed(1);
    const bytes = Buffer.from("\u{1f600}\n");
    await write(outputs[0], bytes.subarray(0, 2));
    await write(outputs[0], bytes.subarray(2));
    expect(pieces.join("")).toBe("\u{1f600}\n");
  });

  it("that have no end are passed on in parts, and nothing of them is kept", async () => {
    const { pieces, outputs } = relayed(1);
    const part = "x".repeat(1024 * 1024);
    await write(outputs[0], part);
    await write(outputs[0], part);
    expect(pieces).toEqual([`${part}${part}\n`]);
    await write(outputs[0], "end\n");
    expect(pieces[1]).toBe("end\n");
  });

  it("are ended for a process that was killed within one", async () => {
    const { pieces, outputs } = relayed(2);
    const [killed, other] = outputs;
    await write(killed, '{"msg":"cut o');
    const ended = once(killed as PassThrough, "close");
    killed?.end();
    await ended;
    await write(other, "other\n");
    expect(pieces).toEqual(['{"msg":"cut o\n', "other\n"]);
  });
});
