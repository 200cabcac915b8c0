// Inputs on their way to the port, and what comes back.
import http2, { type ClientHttp2Session } from "node:http2";
import net from "node:net";
import { type Answer, judge, judgeText } from "./answer.ts";
import type { Sent } from "./inputs.ts";

/** An answer takes milliseconds. This long it takes only when it never comes. */
const HANG_MS = 30_000;
const MAX_TEXT = 64 * 1024;

export type Outcome = Answer | { readonly said: "hang"; readonly code: string };

/** Few sessions, each of many calls at a time; one that the service ended is replaced. */
export class Sender {
  readonly #port: number;
  readonly #sessions: (ClientHttp2Session | undefined)[];
  #turn = 0;

  constructor(port: number, sessions: number) {
    this.#port = port;
    this.#sessions = Array.from({ length: sessions }, () => undefined);
  }

  send(sent: Sent): Promise<Outcome> {
    return sent.on === "connection" ? this.#connect(sent.bytes, sent.cut) : this.#request(sent);
  }

  close(): void {
    for (const session of this.#sessions) session?.destroy();
  }

  #session(): ClientHttp2Session {
    this.#turn = (this.#turn + 1) % this.#sessions.length;
    const there = this.#sessions[this.#turn];
    if (there !== undefined && !there.closed && !there.destroyed) return there;
    const session = http2.connect(`http://127.0.0.1:${this.#port}`);
    // The calls on it say themselves that they failed.
    session.on("error", () => undefined);
    session.on("goaway", () => session.close());
    this.#sessions[this.#turn] = session;
    return session;
  }

  #request({ headers, body }: Extract<Sent, { on: "session" }>): Promise<Outcome> {
    return new Promise((resolve) => {
      const found = new Map<string, string>();
      const chunks: Buffer[] = [];
      const keep = (more: http2.IncomingHttpHeaders) => {
        for (const [name, value] of Object.entries(more)) found.set(name, String(value));
      };
      let timer: NodeJS.Timeout | undefined;
      try {
        const stream = this.#session().request(headers, { endStream: body.length === 0 });
        timer = setTimeout(() => {
          resolve({ said: "hang", code: "no answer" });
          stream.close();
        }, HANG_MS);
        stream.on("response", keep);
        stream.on("trailers", keep);
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("error", () => undefined);
        stream.on("close", () => {
          clearTimeout(timer);
          resolve(judge({ headers: found, body: Buffer.concat(chunks) }));
        });
        if (body.length > 0) stream.end(body);
      } catch {
        // Node's client refuses to send some headers; those reach the port over bare connections.
        clearTimeout(timer);
        resolve({ said: "unknown", code: "not sent" });
      }
    });
  }

  /** `cut`: the connection is reset as soon as everything was written. */
  #connect(bytes: Buffer, cut: boolean): Promise<Outcome> {
    return new Promise((resolve) => {
      let text = "";
      let hung = false;
      const socket = net.connect({ host: "127.0.0.1", port: this.#port });
      const timer = setTimeout(() => {
        hung = true;
        socket.resetAndDestroy();
      }, HANG_MS);
      socket.setEncoding("latin1").on("data", (chunk: string) => {
        if (text.length < MAX_TEXT) text += chunk;
      });
      socket.on("error", () => undefined);
      socket.on("close", () => {
        clearTimeout(timer);
        resolve(
          hung
            ? { said: "hang", code: "still open" }
            : cut
              ? { said: "unknown", code: "cut" }
              : judgeText(text),
        );
      });
      if (cut) socket.write(bytes, () => socket.resetAndDestroy());
      else socket.end(bytes);
    });
  }
}
