import { parseTimeout as parseConnect } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpc } from "@connectrpc/connect/protocol-grpc";

/** The ways to write a unary call that the lane knows, by the exact content type. Whatever else there is goes to Connect's adapter. */
export interface Format {
  readonly protocol: "grpc" | "connect";
  /** Protobuf's own form, or its JSON. */
  readonly binary: boolean;
  /** Of an answer that is no error. */
  readonly answerType: string;
  readonly timeoutHeader: string;
  readonly encodingHeader: string;
  readonly acceptHeader: string;
  /** Of an answer that is no error. */
  readonly answerTrailers: Readonly<Record<string, string>>;
  /** Throws what Connect answers a timeout with that cannot be read. */
  readonly checkTimeout: (value: unknown) => void;
}

const grpc = {
  protocol: "grpc",
  timeoutHeader: "grpc-timeout",
  encodingHeader: "grpc-encoding",
  acceptHeader: "grpc-accept-encoding",
  answerTrailers: { "grpc-status": "0" },
  checkTimeout: throwing(parseGrpc),
} as const;
const connect = {
  protocol: "connect",
  timeoutHeader: "connect-timeout-ms",
  encodingHeader: "content-encoding",
  acceptHeader: "accept-encoding",
  answerTrailers: {},
  checkTimeout: throwing(parseConnect),
} as const;
const grpcBinary: Format = { ...grpc, binary: true, answerType: "application/grpc+proto" };
const connectJson: Format = { ...connect, binary: false, answerType: "application/json" };

const FORMATS: ReadonlyMap<string | undefined, Format> = new Map([
  ["application/grpc", grpcBinary],
  ["application/grpc+proto", grpcBinary],
  ["application/grpc+json", { ...grpc, binary: false, answerType: "application/grpc+json" }],
  ["application/proto", { ...connect, binary: true, answerType: "application/proto" }],
  ["application/json", connectJson],
  ["application/json; charset=utf-8", connectJson],
  ["application/json;charset=utf-8", connectJson],
]);

export const formatOf = (contentType: string | undefined): Format | undefined => FORMATS.get(contentType);

function throwing(parse: typeof parseGrpc): (value: unknown) => void {
  return (value) => {
    const { error } = parse(typeof value === "string" ? value : "", Number.MAX_SAFE_INTEGER);
    if (error !== undefined) throw error;
  };
}
