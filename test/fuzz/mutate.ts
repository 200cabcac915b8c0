// What is done to bytes, JSON and headers that were right.
import type { JsonValue } from "@bufbuild/protobuf";
import type { Random } from "./random.ts";

const BYTES = [0, 1, 7, 8, 9, 0x0a, 0x0d, 0x20, 0x22, 0x5c, 0x7f, 0x80, 0xc0, 0xed, 0xfe, 0xff];
const RUNS: readonly Buffer[] = [
  // The longest varint, one that is too long, lengths of 2 GiB and 4 GiB, groups, and text that is no UTF-8.
  Buffer.from("ffffffffffffffffff01", "hex"),
  Buffer.alloc(16, 0xff),
  Buffer.from("ffffffff07", "hex"),
  Buffer.from("ffffffff0f", "hex"),
  Buffer.alloc(200, 0x0b),
  Buffer.from("eda080eda080", "hex"),
  Buffer.alloc(64),
];

/** One to four changes; never longer by more than a few hundred bytes a change. */
export function mutateBytes(random: Random, bytes: Uint8Array): Buffer {
  let now = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(now.length + 1);
    const span = 1 + random.below(16);
    const rest = now.subarray(at);
    switch (random.below(7)) {
      case 0:
        if (at < now.length) now[at] = (now[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        if (at < now.length) now[at] = random.pick(BYTES);
        break;
      case 2:
        now = Buffer.concat([now.subarray(0, at), random.bytes(span), rest]);
        break;
      case 3:
        now = Buffer.concat([now.subarray(0, at), now.subarray(at + span)]);
        break;
      case 4:
        now = Buffer.concat([now.subarray(0, at), now.subarray(at, at + span), rest]);
        break;
      case 5:
        now = Buffer.concat([now.subarray(0, at), random.pick(RUNS), rest]);
        break;
      default:
        now = Buffer.from(now.subarray(0, at));
    }
  }
  return now;
}

/** Texts that stand where JSON has a value; not all of them are JSON. */
const VALUES: readonly string[] = [
  ...["null", "true", "0", "-1", "-0", "1e400", "1e-400", "0.1", "2147483648", "-2147483649", "NaN", "01"],
  ...["9223372036854775808", '"9223372036854775808"', "123456789012345678901234567890", '"-1"', '"1e3"'],
  ...['""', '" "', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"a\\nb"', '"."', '"$where"', '"__proto__"'],
  ...["[]", "{}", "[null]", "[[1],{}]", '{"":1}', '{"a":1,"a":2}', '{"__proto__":{"a":1}}', '{"$ref":"#"}'],
  ...['"1s"', '"-1s"', '"0.0000000001s"', '"315576000001s"', '"2024-13-45T00:00:00Z"', '"AA=="', '"?"'],
  `"${"x".repeat(5_000)}"`,
  `${"[".repeat(200)}${"]".repeat(200)}`,
  `${'{"a":'.repeat(200)}1${"}".repeat(200)}`,
  `${"[".repeat(20_000)}`,
  `[${"0,".repeat(2_000)}0]`,
];
const MEMBERS = ["unknown", "__proto__", "constructor", "toString", "", "task_id", "taskId", "@type", "0"];

/** The document's text with one to three values, members or bytes that are wrong. */
export function mutateJson(random: Random, json: JsonValue): Buffer {
  let text = JSON.stringify(json);
  for (let left = 1 + random.below(3); left > 0; left--) {
    const values = [...text.matchAll(/(?<=[:[,])(?:"(?:[^"\\]|\\.)*"|[-\d.]+|true|false|null)(?=[,\]}])/g)];
    const opens = [...text.matchAll(/\{/g)];
    if (values.length > 0 && random.chance(0.6)) {
      const found = random.pick(values);
      text = text.slice(0, found.index) + random.pick(VALUES) + text.slice(found.index + found[0].length);
    } else if (opens.length > 0) {
      // In front of a member of the same name too, so that one stands there twice.
      const after = random.pick(opens).index + 1;
      const name = /^"([^"]*)"/.exec(text.slice(after))?.[1];
      const member = name !== undefined && random.chance(0.4) ? name : random.pick(MEMBERS);
      const comma = text[after] === "}" ? "" : ",";
      text = `${text.slice(0, after)}${JSON.stringify(member)}:${random.pick(VALUES)}${comma}${text.slice(after)}`;
    }
  }
  return random.chance(0.15) ? mutateBytes(random, Buffer.from(text)) : Buffer.from(text);
}

const HEADERS: readonly (readonly [name: string, values: readonly string[]])[] = [
  [
    "grpc-timeout",
    ["0n", "1n", "1u", "100m", "99999999H", "999999999S", "-1S", "1", "S", "1.5S", "1e3S", ""],
  ],
  ["connect-timeout-ms", ["0", "1", "100", "9999999999", "99999999999", "-1", "1.5", "x", ""]],
  [
    "content-type",
    [
      ...["application/grpc", "application/grpc+json", "application/grpc+proto", "application/grpc-web"],
      ...["application/grpc-web+json", "application/grpc-web-text", "application/connect+json"],
      ...["application/connect+proto", "application/json", "application/json; charset=utf-16", "text/plain"],
      ...[
        "application/proto",
        "APPLICATION/JSON",
        "application/grpc;x=y",
        "multipart/form-data",
        "",
        ";",
        "a/b/c",
      ],
    ],
  ],
  ["content-encoding", ["gzip", "br", "deflate", "identity", "zstd", "gzip, gzip", "x", ""]],
  ["accept-encoding", ["gzip", "br;q=0", "*", "x", ""]],
  ["grpc-encoding", ["gzip", "identity", "deflate", "snappy", "x", ""]],
  ["grpc-accept-encoding", ["gzip,identity", "x", ",,,"]],
  ["connect-content-encoding", ["gzip", "br", "x"]],
  ["connect-accept-encoding", ["gzip", "x"]],
  ["connect-protocol-version", ["1", "2", "0", "x", ""]],
  ["content-length", ["0", "1", "99999999", "5", "18446744073709551616", "-1", "x"]],
  ["te", ["trailers", "x", "gzip", ""]],
  ["authorization", ["Bearer x", "Bearer ", "Basic eDp5", "x", ""]],
  ["traceparent", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0-0-0", "x", ""]],
  ["tracestate", ["a=b", "x".repeat(600), "="]],
  ["x-request-id", ["a", "x".repeat(200), "a b", "%0a"]],
  ["x-grpc-test-bin", ["AAEC", "?", "===="]],
  ["user-agent", ["x".repeat(4_000), ""]],
  ["x-long", ["x".repeat(15_000), "x".repeat(20_000)]],
  ["origin", ["http://evil.example", "null", ""]],
  ["expect", ["100-continue", "x"]],
  ["cookie", ["a=b; c", ""]],
  ["x-forwarded-for", ["1.2.3.4", "x"]],
  ["__proto__", ["x"]],
];

/** A header's name and value, which may replace one that was right. */
export function oddHeader(random: Random): readonly [name: string, value: string] {
  const [name, values] = random.pick(HEADERS);
  return [name, random.pick(values)];
}
