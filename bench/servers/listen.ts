import type { AddressInfo, Server } from "node:net";

/** Any free port, told to whoever started the process. */
export function listen(server: Pick<Server, "listen" | "address">): void {
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ port })}\n`);
  });
  process.once("SIGTERM", () => process.exit());
}
