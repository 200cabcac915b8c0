import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/health/v1/health_pb.ts";
import { createReadiness, type ReadinessState } from "../../src/server/readiness.ts";
import { type Running, request, start, transports } from "./support.ts";

const service = "test.v1.TestService";
const healthOf = ({ url }: Running) => createClient(Health, transports.gRPC(url));

describe("grpc.health.v1", () => {
  it.each(["", service])("Check of '%s' follows the readiness", async (name) => {
    const running = await start();
    const health = healthOf(running);
    expect((await health.check({ service: name })).status).toBe(Status.SERVING);
    running.readiness.setReady(false, "a store is away");
    expect((await health.check({ service: name })).status).toBe(Status.NOT_SERVING);
    running.readiness.setReady(true);
    expect((await health.check({ service: name })).status).toBe(Status.SERVING);
  });

  it("Check of an unknown service is NOT_FOUND", async () => {
    const error = await healthOf(await start())
      .check({ service: "test.v1.Other" })
      .catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.NotFound });
  });

  it("List names the server and every registered service", async () => {
    const { statuses } = await healthOf(await start()).list({});
    expect(Object.keys(statuses).sort()).toEqual(["", service]);
    expect(statuses[service]?.status).toBe(Status.SERVING);
  });

  it("Watch tells the status at once and at each change, and nothing twice", async () => {
    const running = await start();
    const told: Status[] = [];
    for await (const { status } of healthOf(running).watch({ service })) {
      told.push(status);
      if (told.length === 1) running.readiness.setReady(false, "one reason");
      if (told.length === 2) {
        running.readiness.setReady(false, "another reason");
        running.readiness.setReady(true);
      }
      if (told.length === 3) break;
    }
    expect(told).toEqual([Status.SERVING, Status.NOT_SERVING, Status.SERVING]);
  });

  it("Watch of an unknown service says SERVICE_UNKNOWN and goes on until the shutdown", async () => {
    const running = await start();
    const told: Status[] = [];
    const watching = (async () => {
      for await (const { status } of healthOf(running).watch({ service: "test.v1.Other" })) {
        told.push(status);
        void running.server.close(1_000);
      }
    })();
    await expect(watching).rejects.toMatchObject({ code: Code.Unavailable });
    expect(told).toEqual([Status.SERVICE_UNKNOWN]);
  });

  it("is not subject to the application's interceptors", async () => {
    const running = await start({
      interceptors: [
        () => () => {
          throw new ConnectError("who are you", Code.Unauthenticated);
        },
      ],
    });
    expect((await healthOf(running).check({})).status).toBe(Status.SERVING);
  });
});

describe("probes over plain HTTP", () => {
  it("/livez answers whether ready or not", async () => {
    const { url, readiness } = await start();
    readiness.setReady(false);
    expect(await request(`${url}/livez`, {})).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it("/readyz says why the instance is not ready", async () => {
    const { url, readiness } = await start();
    expect(await request(`${url}/readyz`, {})).toMatchObject({ status: 200, body: '{"status":"ready"}' });
    readiness.setReady(false, "a store is away");
    const answer = await request(`${url}/readyz`, {});
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toEqual({ status: "not ready", reason: "a store is away" });
  });
});

describe("readiness", () => {
  it("starts as not ready, tells each change once, and stops telling when asked", () => {
    const readiness = createReadiness();
    const told: ReadinessState[] = [];
    expect(readiness.state).toEqual({ ready: false, reason: "starting" });
    const stop = readiness.subscribe((state) => told.push(state));
    readiness.setReady(true);
    readiness.setReady(true);
    readiness.setReady(false);
    stop();
    readiness.setReady(true);
    expect(told).toEqual([
      { ready: true, reason: "" },
      { ready: false, reason: "not ready" },
    ]);
  });

  it("never comes back once retired", () => {
    const readiness = createReadiness();
    readiness.retire("shutting down");
    readiness.setReady(true);
    expect(readiness.state).toEqual({ ready: false, reason: "shutting down" });
  });
});
