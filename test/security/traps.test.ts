import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/**
 * What is known to go wrong on a port of many protocols in Node, each with the tests that keep it from happening here,
 * by file and by the beginning of their names. A test that is renamed or removed is missed.
 */
const TRAPS: readonly (readonly [trap: string, file: string, ...tests: readonly string[]])[] = [
  [
    "HTTP/1 header timeouts are dead behind a sniffer",
    "server/one-port",
    "a header block that does not end is answered with 408",
  ],
  [
    "messages have no limit by default",
    "server/bad-input",
    "a frame that announces more than the limit is refused before it is sent",
    "also when it is small until it is decompressed",
  ],
  [
    "a stalled body holds its call",
    "server/admission",
    "over gRPC the stream ends with DEADLINE_EXCEEDED and is reset",
    "a body that trickles in is measured as a whole",
  ],
  ["callers are looked at after their body was read", "server/callers", "is refused before its body is read"],
  [
    "there is no default deadline",
    "server/deadline",
    "the default reaches the handler over %s",
    "a longer one is shortened, not refused, over %s",
  ],
  [
    "HTTP/2 streams, headers and resets have no limit",
    "server/h2-limits",
    "the limits on streams and header lists are announced, and push is off",
    "a peer that opens and resets streams rapidly is sent away",
    "a peer that sends invalid frames again and again is sent away",
  ],
  [
    "a close waits for idle HTTP/2 clients for ever",
    "server/shutdown",
    "an idle HTTP/2 client gets GOAWAY without an error and is closed",
    "what is left at the bound is cut",
  ],
  [
    "errors of handlers are swallowed",
    "server/handler-errors",
    "of a unary one, over %s",
    "without one, nothing of the error reaches the client",
  ],
  [
    "health and reflection do not exist",
    "server/health",
    "List names the server and every registered service",
  ],
  [
    "a page of any origin may call",
    "server/cors",
    "without a list no page is allowed anything",
    "a preflight of a listed origin allows what Connect and gRPC-Web need",
  ],
  ["a pattern of keys is more than literal text", "adapters/key-pattern", "a pattern made to be slow is not"],
  [
    "what looks like an operator reaches a store",
    "security/injection",
    "%j is data in every field of every method, or refused",
  ],
  [
    "the driver of Redis queues through an outage",
    "adapters/redis/outages",
    "a killed server: what was under way and all that follows fails at once",
  ],
  ["an unknown field passes", "server/bad-input", "an unknown field"],
  [
    "a peer's reset ends the process",
    "server/one-port",
    "a connection reset before, within and after its first bytes",
  ],
  [
    "Node's HTTP/2 has known faults",
    "server/limits",
    "the Node that runs has the fixes of HTTP/2 that the limits rely on",
  ],
  [
    "a garbled handshake ends more than its connection",
    "security/tls",
    "%s ends the connection and nothing else",
  ],
  [
    "a method is forgotten by authorization",
    "unit/rpc/permissions",
    "has a row for every method, and no row for anything else",
  ],
];

it.each(TRAPS)("%s: there are tests against it", (_trap, file, ...tests) => {
  const text = readFileSync(`test/${file}.test.ts`, "utf8");
  for (const name of tests) expect(text).toContain(name);
});
