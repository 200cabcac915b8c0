/** Connections that cost their owner next to nothing: headers and bodies by the byte, answers that nobody takes. */
import net from "node:net";
import {
  DATA,
  END_STREAM,
  FrameReader,
  GOAWAY,
  headerFrames,
  INITIAL_WINDOW_SIZE,
  PREFACE,
  payloadFrame,
  RST_STREAM,
  SETTINGS,
} from "../../src/server/h2/frames.ts";
import { HeaderEncoder } from "../../src/server/h2/header-encoder.ts";

const TRICKLE_MS = 1_000;

interface Peer {
  readonly connection: { destroy(): unknown; once(event: "close", listener: () => void): unknown };
}

/** Sends the opening, and then a byte at a time. */
function trickle(port: number, opening: string): Peer {
  const connection = net.connect({ port, host: "127.0.0.1" });
  connection.on("error", () => {});
  connection.write(opening);
  connection.resume();
  const timer = setInterval(() => connection.write("x"), TRICKLE_MS);
  connection.once("close", () => clearInterval(timer));
  return { connection };
}

/** Asks for something and leaves no room for the answer, not even for a byte: four frames, written once for all. */
const STALLED = (() => {
  const encoder = new HeaderEncoder();
  const fields = {
    ":method": "POST",
    ":scheme": "http",
    ":authority": "bench",
    ":path": "/dbconn.v1.TaskService/GetTask",
    "content-type": "application/json",
  };
  for (const [name, value] of Object.entries(fields)) encoder.field(name, value);
  const head = headerFrames(1, Buffer.from(encoder.take()), false);
  const body = Buffer.from(JSON.stringify({ kind: "bench", taskId: "read" }));
  const noWindow = Buffer.from([0, INITIAL_WINDOW_SIZE, 0, 0, 0, 0]);
  return Buffer.concat([
    PREFACE,
    payloadFrame(SETTINGS, 0, 0, noWindow),
    head,
    payloadFrame(DATA, END_STREAM, 1, body),
  ]);
})();

/** The service resets a stream that takes nothing, or ends the connection; this peer begins again. */
function stall(port: number): Peer {
  const connection = net.connect({ port, host: "127.0.0.1" });
  connection.on("error", () => {});
  const reader = new FrameReader(({ type }) => {
    if (type === RST_STREAM || type === GOAWAY) connection.destroy();
  });
  connection.on("data", (chunk) => reader.read(chunk));
  connection.write(STALLED);
  return { connection };
}

const BODY =
  "POST /dbconn.v1.TaskService/GetTask HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n" +
  "content-length: 60000\r\n\r\n{";

const KINDS: readonly ((port: number) => Peer)[] = [
  (port) => trickle(port, "GET /livez HTTP/1.1\r\nhost: "),
  (port) => trickle(port, BODY),
  stall,
];

export interface SlowPeers {
  /** Connections open at the moment; one that the service ends is opened again. */
  readonly open: number;
  close(): void;
}

/** Opens `count` in all, of every kind alike. */
export function openSlowPeers(port: number, count: number): SlowPeers {
  const peers = new Set<Peer>();
  let closed = false;
  const open = (kind: (port: number) => Peer): void => {
    if (closed) return;
    const peer = kind(port);
    peers.add(peer);
    peer.connection.once("close", () => {
      peers.delete(peer);
      if (!closed) setTimeout(() => open(kind), TRICKLE_MS);
    });
  };
  for (let n = 0; n < count; n++) {
    const kind = KINDS[n % KINDS.length];
    if (kind !== undefined) open(kind);
  }
  return {
    get open() {
      return peers.size;
    },
    close: () => {
      closed = true;
      for (const { connection } of peers) connection.destroy();
    },
  };
}
