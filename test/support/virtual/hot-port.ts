import type { HotStore, Slot } from "../../../src/ports/hot-store.ts";
import type { HotNetwork, HotServer } from "./hot-server.ts";
import type { Transport } from "./transport.ts";

export interface HotPortOptions {
  readonly transport: Transport;
  readonly network: HotNetwork;
  /** Who calls. */
  readonly node: string;
  /** Whose connection it uses. */
  readonly process: string;
}

/** The hot store as one process sees it over its connection. */
export function hotPort({ transport, network, node, process }: HotPortOptions): HotStore {
  function send<T>(
    label: string,
    effect: (server: HotServer) => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const link = network.linkOf(process);
    const call = {
      node,
      store: "hot",
      label,
      mutates: true,
      effect: () => effect(network.serverOf(link)),
    } as const;
    return transport.call(call, signal);
  }
  const at = ({ generation, key }: Slot) => `${generation}:${key}`;
  return {
    kind: "redis",
    shared: true,
    getOrLease: (slot, request, signal) =>
      send(
        `getOrLease ${at(slot)} ${request.token} ${request.minRevision}`,
        (server) => server.step(slot, (entry, now) => server.rules.getOrLease(entry, request, now)),
        signal,
      ),
    peek: (slot, minRevision, signal) =>
      send(
        `peek ${at(slot)} ${minRevision}`,
        (server) =>
          server.step(slot, (entry, now) => ({
            entry: undefined,
            answer: server.rules.peek(entry, minRevision, now),
          })),
        signal,
      ),
    fill: (slot, token, versioned, signal) =>
      send(
        `fill ${at(slot)} ${token} ${versioned.revision}`,
        (server) => server.step(slot, (entry, now) => server.rules.fill(entry, token, versioned, now)),
        signal,
      ),
    confirm: (slot, versioned, signal) =>
      send(
        `confirm ${at(slot)} ${versioned.revision}`,
        (server) => server.step(slot, (entry, now) => server.rules.confirm(entry, versioned, now)),
        signal,
      ),
    raise: (slot, revision, signal) =>
      send(
        `raise ${at(slot)} ${revision}`,
        (server) => server.step(slot, (entry, now) => server.rules.raise(entry, revision, now)),
        signal,
      ),
    probe: (signal) => send("probe", (server) => server.identity, signal),
    onDoubt: (listener) => network.onDoubt(process, listener),
    // All hints may be lost.
    onConfirmed: () => () => {},
    writeHint: (generation, signal) =>
      send(
        `writeHint ${generation}`,
        (server) => {
          server.hint = generation;
        },
        signal,
      ),
    readHint: (signal) => send("readHint", (server) => server.hint, signal),
    sweepBelow: (generation, signal) =>
      send(`sweepBelow ${generation}`, (server) => server.sweepBelow(generation), signal),
    close: () => Promise.resolve(),
  };
}
