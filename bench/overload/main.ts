// npm run bench:overload: what is left of the service when too much is asked of it.
import { parseArgs } from "node:util";
import { CONNECTIONS as CALLERS, type Call, GET_TASK, UPDATE_TASK } from "../loads/calls.ts";
import { busyCores, describeMachine } from "../run/machine.ts";
import { residentMb, type ServerProcess } from "../run/processes.ts";
import { startService } from "../servers/service.ts";
import { watchHealth } from "./health.ts";
import { type Fared, type OpenLoop, openLoop } from "./open-loop.ts";
import { openSlowPeers } from "./slow-peers.ts";

const STEP_S = 4;
const CONNECTIONS = 20;
const STREAMS = 100;

const HELP = `Measures the service under several times the load that it can carry, and with many slow connections.

  npm run bench:overload

  --seconds N   length of the overload (default 60)
  --times N     how many times the load that it can carry (default 3)
  --peers N     slow connections: headers and bodies by the byte, answers that nobody reads (default 500)
  --only NAME   read, write or slow; may be given more than once

The peak is the most that was accepted at rising rates. "Normal" is the p99 at half of it, on the same connections. Calls
are due at a fixed rate whatever comes of those before; when a connection has ${STREAMS} open, the next ones wait at the
client. The time of a call counts from when it is sent. Health is asked by gRPC, /livez and /readyz in turn.
Each part says what came out as soon as it is done; reading takes about three minutes, and so does writing.
Needed is h2load: scripts/install-tools.sh --bench brings it. Load generator and service share this machine's cores, so
figures on a busy machine say little; ratios say more.
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    times: { type: "string", default: "3" },
    peers: { type: "string", default: "500" },
    only: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const [seconds, times, peers] = [values.seconds, values.times, values.peers].map(Number);
if (!(seconds && times && peers) || values.only.some((name) => !["read", "write", "slow"].includes(name))) {
  process.stderr.write(`bench:overload: the options cannot be read\n\n${HELP}`);
  process.exit(2);
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const chosen = (name: string) => values.only.length === 0 || values.only.includes(name);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join("\n")}\n`);
print([...describeMachine(), `load before the run: ${busyCores().toFixed(1)} cores`, ""]);
for (const [name, call] of [
  ["read", GET_TASK],
  ["write", UPDATE_TASK],
] as const) {
  if (chosen(name)) print(await withService((server) => overload(server, name, call)));
}
if (chosen("slow")) print(await withService(slow));

async function withService(measure: (server: ServerProcess) => Promise<readonly string[]>) {
  const server = await startService();
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
}

function loadOf(server: ServerProcess, call: Call, rate: number, length: number): OpenLoop {
  const { path } = call;
  const shape = { connections: CONNECTIONS, streams: STREAMS, warmUp: 1 };
  // Each of a few callers writes a task of its own.
  const bodies = [...new Set(Array.from({ length: CALLERS }, (_, n) => call.json(n)))];
  return { port: server.port, path, bodies, rate, seconds: length, ...shape };
}

/** The most that was accepted, at rates that rise until less of it is, twice in a row: once may be the machine's doing. */
async function peakOf(server: ServerProcess, call: Call): Promise<number> {
  let [peak, short] = [0, 0];
  for (let rate = 500; short < 2; rate *= 1.4) {
    const { accepted } = await openLoop(loadOf(server, call, rate, STEP_S));
    say(`${call.name} at ${Math.round(rate)}/s: ${Math.round(accepted)}/s accepted`);
    peak = Math.max(peak, accepted);
    short = accepted < rate * 0.75 ? short + 1 : 0;
  }
  return peak;
}

async function overload(server: ServerProcess, name: string, call: Call): Promise<readonly string[]> {
  const peak = await peakOf(server, call);
  const normal = await openLoop(loadOf(server, call, peak / 2, 2 * STEP_S));
  const before = residentMb(server.pid);
  let most = before;
  const memory = setInterval(() => {
    most = Math.max(most, residentMb(server.pid));
  }, 500);
  const health = watchHealth(server.port);
  say(`${call.name} at ${times} times ${Math.round(peak)}/s for ${seconds} s`);
  // Its beginning counts, too.
  const load = { ...loadOf(server, call, peak * Number(times), Number(seconds)), warmUp: 0 };
  const checking = Promise.withResolvers<Awaited<ReturnType<typeof health.stop>>>();
  const over = await openLoop(load, async () => {
    clearInterval(memory);
    checking.resolve(await health.stop());
  });
  const checks = await checking.promise;
  return [
    `${name} (${call.name}): peak ${rate(peak)}, p99 ${ms(normal.p99)} at half of it`,
    `  due ${rate(load.rate)}, sent ${rate(over.sent)}, refused ${rate(over.refused)}, failed ${rate(over.failed)}`,
    `  accepted ${rate(over.accepted)}, p50 ${ms(over.p50)}`,
    judged("goodput", over.accepted / peak, "of the peak", (ratio) => ratio >= 0.8, "at least 0.80"),
    judged("p99 of accepted", over.p99 / normal.p99, `x normal (${ms(over.p99)})`, (r) => r < 5, "below 5"),
    judged(
      "health",
      checks.p99 / over.p99,
      `of that p99 (${ms(checks.p99)}, ${checks.count} checks, ${checks.failed} failed)`,
      (r) => r <= 1 && checks.failed === 0,
      "at most 1, none failed",
    ),
    `  memory ${Math.round(before)} MB before, ${Math.round(most)} MB at most`,
    "",
  ];
}

async function slow(server: ServerProcess): Promise<readonly string[]> {
  const peak = await peakOf(server, GET_TASK);
  const measure = (): Promise<Fared> => openLoop(loadOf(server, GET_TASK, peak / 2, 5 * STEP_S));
  const normal = await measure();
  const slowPeers = openSlowPeers(server.port, Number(peers));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const during = await measure();
  const { open } = slowPeers;
  slowPeers.close();
  return [
    `slow connections: ${open} open`,
    judged(
      "p99 of others",
      during.p99 / normal.p99,
      `x normal (${ms(during.p99)}, ${ms(normal.p99)})`,
      (r) => r < 2,
      "below 2",
    ),
    `  accepted ${rate(during.accepted)}, ${rate(normal.accepted)} without them`,
    "",
  ];
}

function judged(
  what: string,
  figure: number,
  of: string,
  met: (figure: number) => boolean,
  wanted: string,
): string {
  return `  ${met(figure) ? "pass " : "SHORT"} ${what} ${figure.toFixed(2)} ${of}; wanted: ${wanted}`;
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond)}/s`;
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`;
}
