/** Connections that cost their owner next to nothing: headers and bodies by the byte, answers that nobody reads. */
import net from "node:net";

const TRICKLE_MS = 1_000;

/** How a peer begins, and what it goes on with, a byte at a time; undefined: it reads nothing of what it asked for. */
interface Kind {
  readonly name: string;
  readonly opening: string;
  readonly trickle: boolean;
}

const json = (path: string, length: number, body = "") =>
  `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;
const LIST = JSON.stringify({ kind: "bench-list", pageSize: 40, view: "VIEW_FULL" });

const KINDS: readonly Kind[] = [
  { name: "slow headers", opening: "GET /livez HTTP/1.1\r\nhost: ", trickle: true },
  { name: "slow bodies", opening: json("/dbconn.v1.TaskService/GetTask", 60_000, "{"), trickle: true },
  {
    name: "stalled readers",
    // So many answers that the sockets' buffers cannot take them all.
    opening: json("/dbconn.v1.TaskService/ListTasks", LIST.length, LIST).repeat(200),
    trickle: false,
  },
];

export interface SlowPeers {
  /** Connections open at the moment; one that the service ends is opened again. */
  readonly open: number;
  close(): void;
}

/** Opens `count` in all, of every kind alike. */
export function openSlowPeers(port: number, count: number): SlowPeers {
  const sockets = new Set<net.Socket>();
  let closed = false;
  const open = (kind: Kind): void => {
    const socket = net.connect({ port, host: "127.0.0.1" });
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(kind.opening);
    let timer: NodeJS.Timeout | undefined;
    if (kind.trickle) timer = setInterval(() => socket.write("x"), TRICKLE_MS);
    else socket.pause();
    // Ends are seen by those that read only.
    if (kind.trickle) socket.resume();
    socket.once("close", () => {
      clearInterval(timer);
      sockets.delete(socket);
      if (!closed) setTimeout(() => closed || open(kind), TRICKLE_MS);
    });
  };
  for (let n = 0; n < count; n++) {
    const kind = KINDS[n % KINDS.length];
    if (kind !== undefined) open(kind);
  }
  return {
    get open() {
      return sockets.size;
    },
    close: () => {
      closed = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}
