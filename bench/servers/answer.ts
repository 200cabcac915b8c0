/** What the bare servers answer: as many bytes as the service's own answer. */
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { GetEntryResponseSchema } from "../../gen/dbconn/v1/cache_pb.ts";
import { VALUE } from "../loads/calls.ts";
import { grpcFrame } from "../loads/protocols.ts";

const answer = create(GetEntryResponseSchema, {
  entry: {
    namespace: "default",
    key: "bench",
    value: { case: "text", value: VALUE },
    etag: "0123456789abcdef",
    expireTime: timestampFromMs(1_800_000_000_123),
  },
});

export const GRPC_ANSWER = grpcFrame(toBinary(GetEntryResponseSchema, answer));
export const JSON_ANSWER = Buffer.from(toJsonString(GetEntryResponseSchema, answer));
