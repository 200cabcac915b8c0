/** What a load is sent to, and one call of it made by hand, since load generators do not look into answers. */
import { request as request1 } from "node:http";
import { connect } from "node:http2";
import type { Call } from "./calls.ts";
import type { Protocol } from "./protocols.ts";

export interface Target {
  readonly port: number;
  readonly call: Call;
  readonly protocol: Protocol;
}

const PROBE_TIMEOUT_MS = 10_000;

/** The bytes of the answer's body; rejects unless the call was answered well. */
export async function probe(target: Target): Promise<number> {
  const { call, protocol, port } = target;
  const answer = await (protocol.http === "2" ? probe2(target) : probe1(target));
  if (answer.status === 200 && answer.grpcStatus === "0" && answer.body.length > 0) return answer.body.length;
  throw new Error(
    `${protocol.name} ${call.name} on port ${port} was answered with HTTP ${answer.status}, ` +
      `grpc-status ${answer.grpcStatus}: ${answer.body.toString("latin1").slice(0, 500)}`,
  );
}

interface Answer {
  readonly status: number;
  /** "0" where the protocol has none. */
  readonly grpcStatus: string;
  readonly body: Buffer;
}

function probe2({ port, call, protocol }: Target): Promise<Answer> {
  const session = connect(`http://127.0.0.1:${port}`);
  const answer = new Promise<Answer>((resolve, reject) => {
    session.once("error", reject);
    const stream = session.request({ ":method": "POST", ":path": call.path, ...protocol.headers });
    stream.setTimeout(PROBE_TIMEOUT_MS, () => stream.destroy(new Error("the server did not answer")));
    const chunks: Buffer[] = [];
    let status = 0;
    let grpcStatus: unknown;
    stream.on("response", (headers) => {
      status = Number(headers[":status"]);
      grpcStatus = headers["grpc-status"];
    });
    stream.on("trailers", (trailers) => {
      grpcStatus = trailers["grpc-status"];
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("error", reject);
    stream.once("close", () => {
      const given = protocol.headers["content-type"] === "application/grpc" ? String(grpcStatus) : "0";
      resolve({ status, grpcStatus: given, body: Buffer.concat(chunks) });
    });
    stream.end(protocol.body(call, 0));
  });
  return answer.finally(() => session.destroy());
}

function probe1({ port, call, protocol }: Target): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request1(
      { host: "127.0.0.1", port, path: call.path, method: "POST", headers: protocol.headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, grpcStatus: "0", body: Buffer.concat(chunks) }),
        );
      },
    );
    asked.setTimeout(PROBE_TIMEOUT_MS, () => asked.destroy(new Error("the server did not answer")));
    asked.once("error", reject);
    asked.end(protocol.body(call, 0));
  });
}
