// Inputs in batches against a real process, and everything that must hold meanwhile and after.
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus } from "../../gen/health/v1/health_pb.ts";
import { connect } from "../protocol/transports.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { BATCH, type Input, KINDS, type Kind, makeInput } from "./inputs.ts";
import { type Outcome, Sender } from "./send.ts";
import { makeStanding, State } from "./state.ts";

/** Below what an overloaded process still takes, so that no call is shed. */
const AT_A_TIME = 64;
const SESSIONS = 4;
const HEALTH_MS = 30_000;
/** For garbage to be collected before memory is looked at. */
const PAUSE_MS = 2_000;
const MAX_FINDINGS = 50;
const WARN = 40;
const ERROR = 50;

export interface Options {
  readonly seed: number;
  /** The first input, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly lane: boolean;
  readonly progress: (done: number) => void;
}

export interface Finding {
  readonly what: string;
  /** Inputs that may have caused it. */
  readonly indexes: readonly number[];
}

export interface Report {
  readonly lane: boolean;
  readonly seconds: number;
  readonly inputs: Readonly<Record<Kind, number>>;
  /** How many were answered how. */
  readonly said: Readonly<Record<Outcome["said"], number>>;
  readonly codes: ReadonlyMap<string, number>;
  /** Objects that were read and compared. */
  readonly compared: number;
  /** MiB that the process has in memory, before, halfway and after. */
  readonly memory: readonly [first: number, mid: number, last: number];
  readonly findings: readonly Finding[];
}

export async function run({ seed, from, to, lane, progress }: Options): Promise<Report> {
  const server = await startServer({
    keeps: ({ level }) => level >= WARN,
    env: {
      UNARY_LANE: String(lane),
      LOG_EVERY: "0",
      // Small, so that what is stored fills it early, and does not look like a leak later.
      MEMORY_MAX_BYTES: "32MiB",
    },
  });
  const clients = connect("gRPC", server.url);
  const sender = new Sender(server.port, SESSIONS);
  const standing = makeStanding(seed);
  const state = new State(clients, standing);
  const findings: Finding[] = [];
  const inputs = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  const said: Record<Outcome["said"], number> = { ok: 0, refused: 0, unknown: 0, fault: 0, hang: 0 };
  const codes = new Map<string, number>();
  const begun = performance.now();
  const inFlight = new Set<number>();
  let logged = 0;

  /** Makes, sends and judges the inputs of one batch. */
  const play = async (begin: number, end: number): Promise<void> => {
    const by: Record<"ok" | "refused" | "unknown", Input[]> = { ok: [], refused: [], unknown: [] };
    let next = begin;
    const worker = async (): Promise<void> => {
      while (next < end) {
        const input = makeInput(seed, next++, standing);
        inFlight.add(input.index);
        const outcome = await sender.send(input.sent);
        inFlight.delete(input.index);
        inputs[input.kind] += 1;
        said[outcome.said] += 1;
        codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
        if (outcome.said === "fault" || outcome.said === "hang") {
          const text = outcome.said === "fault" ? `: ${outcome.text}` : "";
          const what = `${input.kind} to ${input.method.name}: ${outcome.said} ${outcome.code}${text}`;
          findings.push({ what, indexes: [input.index] });
          by.unknown.push(input);
        } else by[outcome.said].push(input);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    for (const { level, msg, ...fields } of server.log.slice(logged))
      if (level >= ERROR)
        findings.push({
          what: `log of inputs ${begin} to ${end}: ${msg} ${JSON.stringify(fields)}`,
          indexes: [],
        });
    logged = server.log.length;
    for (const what of await state.check(by.refused, by.ok, by.unknown)) {
      const indexes = (/inputs ([\d,]+)$/.exec(what)?.[1] ?? "").split(",").filter(Boolean).map(Number);
      findings.push({ what, indexes });
    }
    await expectHealth(server, clients);
  };

  const mid = from + Math.ceil((to - from) / 2);
  const memory: [number, number, number] = [0, 0, 0];
  try {
    await state.prepare();
    memory[0] = await residentMiB(server.pid);
    for (let at = from; at < to && findings.length < MAX_FINDINGS; ) {
      // Batches end where their numbers say, whatever the first was.
      const end = Math.min(to, at - (at % BATCH) + BATCH, at < mid ? mid : to);
      await play(at, end);
      progress(end - from);
      at = end;
      if (at === mid) memory[1] = await settledMiB(server.pid);
    }
    memory[2] = await settledMiB(server.pid);
  } catch (error) {
    const why = server.ended ? `the process ended: ${server.errors.slice(0, 2_000)}` : String(error);
    findings.push({ what: why, indexes: [...inFlight] });
  } finally {
    sender.close();
    clients.close();
    await server.stop();
  }
  if (server.errors.trim() !== "")
    findings.push({ what: `standard error: ${server.errors.slice(0, 2_000)}`, indexes: [] });
  const seconds = (performance.now() - begun) / 1000;
  return { lane, seconds, inputs, said, codes, compared: state.compared, memory, findings };
}

/** Rejects unless both probes answer in time. */
async function expectHealth(
  { url }: ServerProcess,
  { transport }: ReturnType<typeof connect>,
): Promise<void> {
  const live = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(HEALTH_MS) });
  if (!live.ok) throw new Error(`/livez answered ${live.status}: ${await live.text()}`);
  await live.arrayBuffer();
  const { status } = await createClient(Health, transport).check({}, { timeoutMs: HEALTH_MS });
  if (status !== HealthCheckResponse_ServingStatus.SERVING)
    throw new Error(`the health service says ${status}`);
}

async function settledMiB(pid: number): Promise<number> {
  await delay(PAUSE_MS);
  return residentMiB(pid);
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}
