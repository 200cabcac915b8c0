/** Resident memory at rest, and with many idle connections. */
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { median } from "../run/median.ts";
import { residentMb, type ServerProcess } from "../run/processes.ts";
import { whole } from "../run/table.ts";
import { startUnseeded } from "../servers/service.ts";
import { together } from "../servers/together.ts";
import type { Section } from "./section.ts";

const CONNECTIONS = 1_000;
const AT_ONCE = 50;
/** Until what the start left behind is collected; a figure taken at once would show the start. */
const SETTLE_MS = 5_000;

export const resident: Section = {
  name: "resident",
  always: true,
  inQuick: true,
  async run({ options, say }) {
    const atRest: number[] = [];
    const connected: number[] = [];
    for (let run = 1; run <= (options.quick ? 1 : options.runs); run++) {
      await together(async (add) => {
        const server = await add(startUnseeded());
        await delay(SETTLE_MS);
        atRest.push(residentMb(server.pid));
        const sessions = await openSessions(server);
        await delay(SETTLE_MS);
        connected.push(residentMb(server.pid));
        say(
          `resident, round ${run}: ${whole(atRest.at(-1) ?? 0)} MB, ${whole(connected.at(-1) ?? 0)} MB connected`,
        );
        for (const session of sessions) session.destroy();
      });
    }
    const [rest, full] = [median(atRest), median(connected)];
    const limit = "at most";
    return {
      title: "Resident memory, memory and SQLite",
      rows: [
        { what: "at rest", figure: `${whole(rest)} MB` },
        { what: `with ${whole(CONNECTIONS)} idle HTTP/2 connections`, figure: `${whole(full)} MB` },
      ],
      targets: [
        { promise: "Resident memory at rest", limit, wanted: 130, measured: rest, unit: "MB" },
        { promise: "With 1,000 idle connections", limit, wanted: 250, measured: full, unit: "MB" },
      ],
    };
  },
};

/** Each has made one exchange with the server. */
async function openSessions({ port }: ServerProcess): Promise<readonly ClientHttp2Session[]> {
  const sessions: ClientHttp2Session[] = [];
  while (sessions.length < CONNECTIONS) {
    const opened = Array.from({ length: AT_ONCE }, () => connect(`http://127.0.0.1:${port}`));
    await Promise.all(opened.map((session) => once(session, "remoteSettings")));
    sessions.push(...opened);
  }
  return sessions;
}
