import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  GetStatusResponseSchema,
  Mode,
  PingStoreResponseSchema,
  type StatusService,
  Store,
  StoreSchema,
  type StoreStatus,
  StoreStatusSchema,
} from "../../gen/dbconn/v1/status_pb.ts";
import type { StoresState } from "../consistency/stores-view.ts";
import * as domain from "../domain/status/status.ts";
import { Violations } from "../domain/validation.ts";
import { checkEnum, duration, int64, timestamp } from "./convert.ts";

const MODES: Readonly<Record<StoresState["mode"], Mode>> = {
  normal: Mode.NORMAL,
  hot_bypassed: Mode.HOT_BYPASSED,
  durable_down: Mode.DURABLE_DOWN,
};

export function createStatusService(
  context: domain.StatusContext,
): Pick<ServiceImpl<typeof StatusService>, "getStatus" | "pingStore"> {
  return {
    getStatus() {
      const status = domain.getStatus(context);
      return create(GetStatusResponseSchema, {
        mode: MODES[status.mode],
        reason: status.reason,
        hot: storeStatus(status.hot),
        durable: storeStatus(status.durable),
        generation: int64(status.generation),
        backlog: int64(status.backlog),
        uptime: duration(status.uptimeMs),
        version: status.version,
        instanceId: status.instanceId,
      });
    },

    async pingStore(request, { signal }) {
      const v = new Violations();
      if (checkEnum(v, "store", StoreSchema, request.store)) {
        v.check(request.store !== Store.UNSPECIFIED, "store", "must be set");
      }
      v.throwIfAny();
      const store = request.store === Store.HOT ? "hot" : "durable";
      return create(PingStoreResponseSchema, {
        latency: duration(await domain.pingStore(context, store, signal)),
      });
    },
  };
}

function storeStatus({ kind, reachable, latencyMs, since }: StoresState["hot"]): StoreStatus {
  return create(StoreStatusSchema, {
    kind,
    reachable,
    ...(latencyMs === undefined ? {} : { latency: duration(latencyMs) }),
    since: timestamp(since),
  });
}
