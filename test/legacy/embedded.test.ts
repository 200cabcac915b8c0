import { afterAll, beforeAll, it } from "vitest";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { describeWithTools } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { connectBoth, modeIs } from "./clients.ts";
import { pythonClient } from "./python-client.ts";

describeWithTools("a Python client on embedded stores", ["grpc-python"], ({ "grpc-python": python }) => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServer();
    const clients = connectBoth(server.url);
    await modeIs(clients, Mode.NORMAL);
    clients.close();
  });
  afterAll(() => server.stop());

  it("finds every method as it was promised", { timeout: 120_000 }, () =>
    pythonClient(python, server.port, "every_method"),
  );
});
