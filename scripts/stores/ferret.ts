import { MongoClient } from "mongodb";
import { findTool } from "./find.ts";
import { type StoreProcess, startStoreProcess } from "./store-process.ts";
import { waitForPort } from "./wait-for-port.ts";

export interface FerretProcess extends StoreProcess {
  readonly uri: string;
}

/**
 * A FerretDB (MongoDB wire protocol over SQLite files) of its own on a free loopback port, ready when it answered
 * `hello`. Its data survives kill and restart. Rejects when none is installed.
 */
export async function startFerret(): Promise<FerretProcess> {
  const found = findTool("ferretdb");
  if ("missing" in found) throw new Error(found.missing);
  const server = await startStoreProcess({
    name: "ferretdb",
    path: found.path,
    args: ({ port, folder }) => [
      "--handler=sqlite",
      `--sqlite-url=file:${folder}/`,
      `--listen-addr=127.0.0.1:${port}`,
      `--state-dir=${folder}`,
      "--debug-addr=-",
      "--telemetry=disable",
    ],
    ready: answersHello,
  });
  return Object.assign(server, { uri: uriOf(server.port) });
}

function uriOf(port: number): string {
  return `mongodb://127.0.0.1:${port}/`;
}

async function answersHello(port: number, signal: AbortSignal): Promise<void> {
  // The driver looks for a server only twice a second, so the port is awaited first.
  (await waitForPort(port, signal)).destroy();
  const client = new MongoClient(uriOf(port), { directConnection: true });
  try {
    await client.db("admin").command({ hello: 1 }, { signal });
  } finally {
    await client.close();
  }
}
