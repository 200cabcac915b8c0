import type { Options } from "yargs";

/** Those of every command. */
export const globalOptions = {
  server: {
    type: "string",
    default: process.env.DBCONN_SERVER ?? "http://127.0.0.1:50050",
    defaultDescription: "$DBCONN_SERVER or http://127.0.0.1:50050",
    describe: "Where the service is: http:// or https://",
  },
  token: {
    type: "string",
    default: process.env.DBCONN_TOKEN ?? "",
    defaultDescription: "$DBCONN_TOKEN",
    describe: "Bearer token; better in the environment, where no list of processes shows it",
  },
  timeout: { type: "number", default: 10, describe: "Seconds to wait for an answer" },
  json: { type: "boolean", default: false, describe: "Answer in JSON, for scripts" },
} as const satisfies Record<string, Options>;

export interface GlobalArguments {
  readonly server: string;
  readonly token: string;
  readonly timeout: number;
  readonly json: boolean;
}
