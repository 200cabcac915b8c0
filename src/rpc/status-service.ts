import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type GetStatusResponse,
  GetStatusResponseSchema,
  Mode,
  PingStoreResponseSchema,
  type StatusService,
  Store,
  StoreSchema,
  type StoreStatus,
  StoreStatusSchema,
  WatchStatusResponseSchema,
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

export function createStatusService(context: domain.StatusContext): ServiceImpl<typeof StatusService> {
  return {
    getStatus() {
      return statusMessage(domain.getStatus(context));
    },

    async *watchStatus(_request, { signal }) {
      for await (const status of domain.watchStatus(context, signal)) {
        yield create(WatchStatusResponseSchema, { status: statusMessage(status) });
      }
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

function statusMessage(status: domain.ServiceStatus): GetStatusResponse {
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
}

function storeStatus({ kind, reachable, latencyMs, since }: StoresState["hot"]): StoreStatus {
  return create(StoreStatusSchema, {
    kind,
    reachable,
    ...(latencyMs === undefined ? {} : { latency: duration(latencyMs) }),
    since: timestamp(since),
  });
}
