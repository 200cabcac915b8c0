import type { Client } from "@connectrpc/connect";
import { Mode, type StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { until } from "./until.ts";

/** Resolves when both stores are in use: a service may serve before that. */
export async function whenNormal(status: Pick<Client<typeof StatusService>, "getStatus">): Promise<void> {
  await until(
    () => status.getStatus({}),
    ({ mode }) => mode === Mode.NORMAL,
  );
}
