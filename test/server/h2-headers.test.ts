import { once } from "node:events";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  COMPRESSION_ERROR,
  CONTINUATION,
  ENHANCE_YOUR_CALM,
  FrameReader,
  HEADERS,
  PREFACE,
  SETTINGS,
} from "../../src/server/h2/frames.ts";
import { type Field, HeaderDecoder } from "../../src/server/h2/header-decoder.ts";
import { HeaderEncoder } from "../../src/server/h2/header-encoder.ts";
import { HeaderLists } from "../../src/server/h2/header-lists.ts";
import { plainRequest } from "../../src/server/h2/request-headers.ts";
import { createLimits } from "../../src/server/limits.ts";
import { Step } from "./support.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const read = (decoder: HeaderDecoder, block: Buffer): [string, string][] =>
  decoder.decode(block, 0, block.length).map(({ name, value }) => [name, value]);

describe("the header lists of the standard's examples (RFC 7541, appendix C) are read", () => {
  it.each([
    [
      "without Huffman's code",
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
    ],
    [
      "with it",
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
    ],
  ])("requests %s", (_, [first = "", second = "", third = ""]) => {
    const decoder = new HeaderDecoder();
    const authority = [":authority", "www.example.com"];
    const request = [[":method", "GET"], [":scheme", "http"], [":path", "/"], authority];
    expect(read(decoder, hex(first))).toEqual(request);
    expect(read(decoder, hex(second))).toEqual([...request, ["cache-control", "no-cache"]]);
    expect(read(decoder, hex(third))).toEqual([
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      authority,
      ["custom-key", "custom-value"],
    ]);
  });

  it("answers, whose table forgets the oldest fields", () => {
    const decoder = new HeaderDecoder();
    const rest = (second: number) => [
      ["cache-control", "private"],
      ["date", `Mon, 21 Oct 2013 20:13:${second} GMT`],
      ["location", "https://www.example.com"],
    ];
    // The examples have a table of 256 bytes.
    const first =
      "3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3";
    expect(read(decoder, hex(first))).toEqual([[":status", "302"], ...rest(21)]);
    expect(read(decoder, hex("4883 640e ffc1 c0bf"))).toEqual([[":status", "307"], ...rest(21)]);
    const third =
      "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07";
    expect(read(decoder, hex(third))).toEqual([
      [":status", "200"],
      ...rest(22),
      ["content-encoding", "gzip"],
      ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
    ]);
  });
});

describe("a header list", () => {
  it("is read as another implementation wrote it, whatever bytes it has, list after list", async () => {
    const lists: (readonly Field[])[] = [];
    const all = new Step();
    const count = 61;
    const server = net.createServer((socket) => {
      const headers = new HeaderLists((_stream, _last, fields) => {
        lists.push(fields);
        if (lists.length === count) all.reach();
      });
      const frames = new FrameReader((frame) => {
        if (frame.type === HEADERS) headers.begin(frame);
        if (frame.type === CONTINUATION) headers.goOn(frame);
      });
      let preface = PREFACE.length;
      socket.on("data", (chunk: Buffer) => {
        const skipped = Math.min(preface, chunk.length);
        preface -= skipped;
        frames.read(chunk.subarray(skipped));
      });
      socket.write(Buffer.from([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]));
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on("error", () => {});
    onTestFinished(() => client.destroy());
    const sent: http2.OutgoingHttpHeaders[] = [];
    for (let n = 0; n < count - 1; n++) {
      const from = 0x21 + ((n * 7) % 90);
      const visible = String.fromCharCode(
        ...Array.from({ length: n % 37 }, (_, k) => 0x21 + ((from + k) % 94)),
      );
      const upper = String.fromCharCode(
        ...Array.from({ length: n % 29 }, (_, k) => 0xa1 + ((from + k * 3) % 95)),
      );
      const headers = { ":method": "POST", ":path": `/${n}`, [`x-${n % 11}`]: visible, "x-high": upper };
      sent.push(headers);
      client.request(headers).on("error", () => {});
    }
    // One that takes several frames.
    const long = { ":method": "POST", ":path": "/long", "x-long": "!".repeat(40_000) };
    sent.push(long);
    client.request(long).on("error", () => {});
    await all.wait();
    const got = lists.map((fields) => Object.fromEntries(fields.map(({ name, value }) => [name, value])));
    for (const [n, headers] of sent.entries()) expect(got[n]).toMatchObject(headers);
  });

  it.each([
    ["a path that is the same", "022f 61", "022f 61"],
    ["another path", "022f 61", "022f 62"],
    ["a path of which the last was the beginning", "022f 61", "032f 61 62"],
    ["a path that is the beginning of the last", "032f 61 62", "022f 61"],
    [
      "the same bytes in Huffman's code",
      "0cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
      "8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    ],
  ])("says %s, and it is read as it stands", (_, last, next) => {
    const path = (coded: string) => hex(`04 ${coded}`);
    const decoder = new HeaderDecoder();
    read(decoder, path(last));
    expect(read(decoder, path(next))).toEqual(read(new HeaderDecoder(), path(next)));
    expect(read(decoder, path(last))).toEqual(read(new HeaderDecoder(), path(last)));
  });

  it("has another field with the same bytes, and each has its own name", () => {
    const decoder = new HeaderDecoder();
    expect(read(decoder, hex("0402 2f61 0102 2f61 0402 2f61"))).toEqual([
      [":path", "/a"],
      [":authority", "/a"],
      [":path", "/a"],
    ]);
  });

  it("is cut off within a field that was there before", () => {
    const decoder = new HeaderDecoder();
    read(decoder, hex("0403 2f61 62"));
    expect(() => read(decoder, hex("0403 2f61"))).toThrow(
      expect.objectContaining({ code: COMPRESSION_ERROR }),
    );
    expect(read(decoder, hex("0403 2f61 62"))).toEqual([[":path", "/ab"]]);
  });

  it("written here is read as it was, and leaves the reader's table as it is", () => {
    const encoder = new HeaderEncoder();
    const decoder = new HeaderDecoder();
    const kept = "4003 782d 6101 31";
    read(decoder, hex(kept));
    encoder.status(200);
    encoder.field(":status", "429");
    encoder.field("content-type", "application/grpc");
    encoder.field("x-bin", "\u00ff".repeat(20_000));
    const block = encoder.take();
    expect(read(decoder, Buffer.from(block))).toEqual([
      [":status", "200"],
      [":status", "429"],
      ["content-type", "application/grpc"],
      ["x-bin", "\u00ff".repeat(20_000)],
    ]);
    expect(read(decoder, hex("be"))).toEqual([["x-a", "1"]]);
  });

  it.each([
    ["names the field 0", "80"],
    ["names a field that there is not", "be"],
    ["has a name that there is not", "7f00 0131"],
    ["is cut off in a number", "ff"],
    ["has a number of more than 28 bits", "ff ff ff ff ff 7f"],
    ["is cut off before a string", "40"],
    ["is cut off within a name", "4005 6162"],
    ["is cut off within a value", "4001 6105 62"],
    ["has the end of a string in a string", "4001 6184 ffff ffff"],
    ["pads a string by a whole byte", "4001 6182 1fff"],
    ["pads a string with zeros", "4001 6181 18"],
    ["makes the table larger than it may be", "3fe2 1f"],
    ["changes the table after a field", "82 20"],
  ])("that %s ends the connection", (_, block) => {
    const decode = () => read(new HeaderDecoder(), hex(block));
    expect(decode).toThrow(expect.objectContaining({ code: COMPRESSION_ERROR }));
  });

  it("that is small, and long when it is read, is not read to its end", () => {
    const decoder = new HeaderDecoder();
    const value = "61".repeat(3000);
    read(decoder, hex(`4001 78 7f b9 16 ${value}`));
    const bomb = Buffer.alloc(16_000, 0xbe);
    const decode = () => decoder.decode(bomb, 0, bomb.length);
    expect(decode).toThrow(expect.objectContaining({ code: ENHANCE_YOUR_CALM }));
  });

  it("of which a field is too large for the table empties it", () => {
    const decoder = new HeaderDecoder();
    read(decoder, hex("4003 782d 6101 31"));
    const value = "61".repeat(5000);
    read(decoder, hex(`4001 78 7f 89 26 ${value}`));
    expect(() => read(decoder, hex("be"))).toThrow(expect.objectContaining({ code: COMPRESSION_ERROR }));
  });
});

describe("a request's header", () => {
  const GOOD = [
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "localhost"],
    [":path", "/a"],
    ["te", "trailers"],
    ["content-length", "5"],
    ["x-one", "1"],
  ] as const;
  /** As it is read from the wire, twice. */
  const judge = (fields: readonly (readonly [string, string])[]) => {
    const encoder = new HeaderEncoder();
    for (const [name, value] of fields) encoder.field(name, value);
    const block = encoder.take();
    const decoder = new HeaderDecoder();
    // The second time, what is kept out of the table is compared with the first.
    return [1, 2].map(() => plainRequest(decoder.decode(block, 0, block.length), createLimits()));
  };
  const without = (name: string) => GOOD.filter(([other]) => other !== name);

  it("in which there is nothing to doubt is taken as it stands, again and again", () => {
    const headers = expect.objectContaining(Object.fromEntries(GOOD));
    expect(judge(GOOD)).toEqual([headers, headers]);
  });

  it.each([
    ["connection", "close"],
    ["keep-alive", "timeout=5"],
    ["proxy-connection", "keep-alive"],
    ["transfer-encoding", "chunked"],
    ["upgrade", "h2c"],
    [":protocol", "websocket"],
    [":status", "200"],
    [":x", "1"],
    ["X-Upper", "1"],
    ["x-space", " 1"],
    ["x-line", "1\n2"],
    ["x-one", "again"],
    ["host", "localhost"],
    ["", "no name"],
  ])("that has %s: %s besides is not", (name, value) => {
    const pseudo = name.startsWith(":");
    expect(judge(pseudo ? [[name, value], ...GOOD] : [...GOOD, [name, value]])).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each([
    [":method", undefined],
    [":scheme", undefined],
    [":path", undefined],
    [":authority", undefined],
    [":scheme", "ftp"],
    ["te", "gzip"],
    ["content-length", "-5"],
    ["content-length", "5, 5"],
  ] as const)("whose %s is %s is not", (name, value) => {
    const fields =
      value === undefined ? without(name) : GOOD.map(([n, v]) => [n, n === name ? value : v] as const);
    expect(judge(fields)).toEqual([undefined, undefined]);
  });

  it("whose method comes behind other fields is not", () => {
    expect(judge([...without(":method"), [":method", "POST"]])).toEqual([undefined, undefined]);
  });
});
