import { useEffect, useState } from "preact/hooks";
import { type GetStatusResponse, Mode, ModeSchema, type StoreStatus } from "../../gen/dbconn/v1/status_pb.ts";
import { statusApi } from "../api/clients.ts";
import { follow } from "../api/follow.ts";
import { signIns } from "../api/token.ts";
import { milliseconds, span, time, words } from "../ui/format.ts";
import { Badge, Failure } from "../ui/parts.tsx";
import { Plot } from "../ui/plot.tsx";
import { useFigures } from "./figures.ts";

export function StatusPage() {
  const { status, failure } = useStatus();
  const figures = useFigures();
  return (
    <>
      <h1>Status</h1>
      <Failure text={failure} />
      {status === undefined ? null : <Overview status={status} />}
      <div class="plots">
        <Plot label="Hot store latency" unit="ms" values={figures.map(({ hotMs }) => hotMs)} />
        <Plot label="Durable store latency" unit="ms" values={figures.map(({ durableMs }) => durableMs)} />
        <Plot
          label="Cache hit rate"
          unit="%"
          highest={100}
          values={figures.map(({ hitRate }) => hitRate && 100 * hitRate)}
        />
      </div>
    </>
  );
}

function Overview({ status }: { readonly status: GetStatusResponse }) {
  const { mode, reason, hot, durable } = status;
  return (
    <>
      <p>
        <Badge tone={mode === Mode.NORMAL ? "good" : "bad"}>{words(ModeSchema, mode)}</Badge> {reason}
      </p>
      <div class="cards">
        <Store title="Hot store" store={hot} />
        <Store title="Durable store" store={durable} />
        <section class="panel" aria-label="Instance">
          <h2>Instance</h2>
          <dl class="facts">
            <dt>Version</dt>
            <dd>{status.version}</dd>
            <dt>Name</dt>
            <dd>{status.instanceId}</dd>
            <dt>Up for</dt>
            <dd>{span(milliseconds(status.uptime) ?? 0)}</dd>
            <dt>Generation</dt>
            <dd>{String(status.generation)}</dd>
            <dt>Backlog</dt>
            <dd>{String(status.backlog)}</dd>
          </dl>
        </section>
      </div>
    </>
  );
}

function Store({ title, store }: { readonly title: string; readonly store: StoreStatus | undefined }) {
  if (store === undefined) return null;
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      <p>
        {store.kind}{" "}
        <Badge tone={store.reachable ? "good" : "bad"}>{store.reachable ? "reachable" : "away"}</Badge>
      </p>
      <p class="note">since {time(store.since)}</p>
    </section>
  );
}

function useStatus() {
  const [state, setState] = useState<{ status?: GetStatusResponse; failure?: string }>({});
  useEffect(() => {
    const gone = new AbortController();
    void follow(
      (signal) => statusApi.watchStatus({}, { signal }),
      {
        item: ({ status }) => setState(status === undefined ? {} : { status }),
        broken: (failure) => setState((before) => ({ ...before, failure })),
      },
      gone.signal,
    );
    return () => gone.abort();
  }, [signIns.value]);
  return state;
}
