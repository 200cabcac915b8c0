import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  type GetStatusResponse,
  GetStatusResponseSchema,
  Mode,
  ModeSchema,
  type StoreStatus,
} from "../../gen/dbconn/v1/status_pb.ts";
import { print, printFacts, printJson, time } from "../output.ts";
import { wordOf } from "../words.ts";
import { command } from "./command.ts";

export const statusCommand = command<{ watch: boolean }>({
  command: "status",
  describe: "How the stores are; exits with 1 when they are not as they should be",
  builder: (argv) =>
    argv
      .option("watch", { type: "boolean", default: false, describe: "Go on, with a line for each change" })
      .example("$0 status --watch", "until Ctrl+C"),
  run: async ({ json, watch }, { status, bound }) => {
    const tell = json ? (answer: GetStatusResponse) => printJson(GetStatusResponseSchema, answer) : show;
    if (!watch) {
      const answer = await status.getStatus({}, bound);
      tell(answer);
      if (answer.mode !== Mode.NORMAL) process.exitCode = 1;
      return;
    }
    for await (const item of status.watchStatus({})) {
      if (item.status === undefined) continue;
      if (json) tell(item.status);
      else print(`${new Date().toISOString()}  ${modeOf(item.status)}`);
    }
  },
});

const modeOf = ({ mode, reason }: GetStatusResponse): string =>
  `${wordOf(ModeSchema, mode)} ${reason}`.trim();

function show(answer: GetStatusResponse): void {
  printFacts([
    ["mode", modeOf(answer)],
    ["hot store", storeOf(answer.hot)],
    ["durable store", storeOf(answer.durable)],
    ["backlog", String(answer.backlog)],
    ["instance", answer.instanceId],
    ["version", answer.version],
  ]);
}

function storeOf(store: StoreStatus | undefined): string {
  if (store === undefined) return "";
  const latency = store.latency === undefined ? "" : `, ${durationMs(store.latency).toFixed(2)} ms`;
  return `${store.kind}, ${store.reachable ? "reachable" : "away"} since ${time(store.since)}${latency}`;
}
