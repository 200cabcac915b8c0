// What an answer says of a call, in whichever protocol it came.

/** `unknown`: there was no answer, or one that does not say whether the call took effect. */
export type Answer =
  | { readonly said: "ok" | "refused" | "unknown"; readonly code: string }
  /** An error that nobody meant: the service's own fault. */
  | { readonly said: "fault"; readonly code: string; readonly text: string };

const INTERNAL = new Set(["13", "internal", "500"]);
/** What stands in the bytes of an ErrorInfo about a call that took effect, or may have. */
const APPLIED = ["unknown", "yes"].map((applied) =>
  Buffer.concat([Buffer.from("applied"), Buffer.of(0x12, applied.length), Buffer.from(applied)]).toString(
    "latin1",
  ),
);

export interface Parts {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export function judge({ headers, body }: Parts): Answer {
  const type = headers.get("content-type") ?? "";
  const http = headers.get(":status") ?? "";
  const status = headers.get("grpc-status");
  if (status !== undefined) return verdict(status, detailsIn(headers.get("grpc-status-details-bin")), body);
  if (type.startsWith("application/grpc-web")) {
    const text = lastMessage(body, 0x80);
    const code = /^grpc-status: *(\d+)/im.exec(text ?? "")?.[1];
    return code === undefined
      ? { said: "unknown", code: `http ${http}` }
      : verdict(code, detailsIn(/^grpc-status-details-bin: *(\S+)/im.exec(text ?? "")?.[1]), body);
  }
  if (type.startsWith("application/connect+")) {
    const text = lastMessage(body, 0x02);
    if (text === undefined) return { said: "unknown", code: `http ${http}` };
    const code = /"error":\{.*?"code":"(\w+)"/.exec(text)?.[1];
    return verdict(code ?? "0", detailsInJson(text), body);
  }
  if (http.startsWith("2") && !type.startsWith("application/grpc")) return { said: "ok", code: "ok" };
  const text = body.toString("latin1");
  // A call of gRPC that was broken off has the status of one that goes well.
  return http === "" || http.startsWith("2")
    ? { said: "unknown", code: http === "" ? "no answer" : "broken off" }
    : verdict(/"code":"(\w+)"/.exec(text)?.[1] ?? http, detailsInJson(text), body);
}

/** All answers of HTTP/1 on one connection, as one. */
export function judgeText(text: string): Answer {
  const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => status ?? "");
  const last = statuses.at(-1);
  if (last === undefined) return { said: "unknown", code: "no answer" };
  if (statuses.some((status) => status.startsWith("2") || status.startsWith("1")))
    return { said: "ok", code: "ok" };
  return verdict(statuses.includes("500") ? "500" : last, detailsInJson(text), Buffer.from(text));
}

function verdict(code: string, details: string, body: Buffer): Answer {
  if (code === "0") return { said: "ok", code: "ok" };
  if (INTERNAL.has(code))
    return {
      said: "fault",
      code,
      text: body
        .toString("latin1")
        .replace(/[^ -~]+/g, " ")
        .slice(0, 300),
    };
  return { said: APPLIED.some((applied) => details.includes(applied)) ? "unknown" : "refused", code };
}

function detailsIn(base64: string | undefined): string {
  return base64 === undefined ? "" : Buffer.from(base64, "base64").toString("latin1");
}

function detailsInJson(text: string): string {
  return [...text.matchAll(/"value":"([\w+/-]*)/g)].map(([, value]) => detailsIn(value)).join();
}

/** The last enveloped message, if it has that flag. */
function lastMessage(body: Buffer, flag: number): string | undefined {
  let at = 0;
  while (at + 5 <= body.length) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (((body[at] ?? 0) & flag) !== 0) return body.toString("latin1", at + 5, end);
    at = end;
  }
  return undefined;
}
