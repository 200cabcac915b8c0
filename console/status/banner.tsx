import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { bounded, statusApi } from "../api/clients.ts";
import { useCall } from "../api/use-call.ts";

const ASK_EVERY_MS = 2_000;

const MEANING: Readonly<Record<Mode, string>> = {
  [Mode.UNSPECIFIED]: "",
  [Mode.NORMAL]: "",
  [Mode.HOT_BYPASSED]:
    "Degraded: the hot store is bypassed. Tasks and schemas are right but slower; the cache is away.",
  [Mode.DURABLE_DOWN]:
    "Degraded: the durable store is away. Nothing can be changed, and what is shown may be old.",
};

/**
 * Says on every page when the stores are not as they should be. Asked for, not streamed: a browser has few connections to
 * one server, and each page shown would hold one.
 */
export function Banner() {
  const { data, failure } = useCall((signal) => statusApi.getStatus({}, bounded(signal)), [], ASK_EVERY_MS);
  const meaning = data === undefined ? "" : MEANING[data.mode];
  const text =
    failure !== undefined ? `No status: ${failure}` : meaning && `${meaning} ${data?.reason ?? ""}`;
  return (
    <div role="status" class={text ? "banner" : ""}>
      {text}
    </div>
  );
}
