import { afterAll, beforeAll, it } from "vitest";
import { describeWithTools } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { pythonClient } from "./python-client.ts";

describeWithTools("a Python client on embedded stores", ["grpc-python"], ({ "grpc-python": python }) => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  it("finds every method as it was promised", { timeout: 120_000 }, () =>
    pythonClient(python, server.port, "every_method"),
  );
});
