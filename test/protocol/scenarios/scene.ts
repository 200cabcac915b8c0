import { anyUnpack } from "@bufbuild/protobuf/wkt";
import type { Status } from "../../../gen/dbconn/v1/common_pb.ts";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { uniqueName } from "../../support/real-stores.ts";
import type { Clients } from "../transports.ts";

/** One protocol to one running service. Scenarios are written once, and played over every protocol. */
export interface Scene {
  readonly clients: Clients;
}

export { uniqueName };

/** The reason that a batch's item gives. */
export function reasonOf(status: Status): string | undefined {
  for (const detail of status.details) {
    const info = anyUnpack(detail, ErrorInfoSchema);
    if (info !== undefined) return info.reason;
  }
  return undefined;
}
