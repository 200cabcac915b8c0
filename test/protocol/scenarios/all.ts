// Every scenario over every protocol, to one running service, and proof that no method was left out.
import type { DescService } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServerProcess, startServer } from "../../support/server-process.ts";
import { type Clients, connect, PROTOCOLS, SERVICES } from "../transports.ts";
import { cacheScenario } from "./cache.ts";
import { schemaScenario } from "./schemas.ts";
import { type StatusScene, statusScenario } from "./status.ts";
import { taskScenario } from "./tasks.ts";
import { watchScenario } from "./watches.ts";

export interface StoresUnderTest {
  readonly env: Readonly<Record<string, string>>;
  readonly kinds: StatusScene["kinds"];
}

export function everyScenario({ env, kinds }: StoresUnderTest): void {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServer({ env });
  });
  afterAll(() => server?.stop());

  describe.each(PROTOCOLS)("over %s", (protocol) => {
    let clients: Clients | undefined;
    const scene: StatusScene = {
      kinds,
      get clients() {
        clients ??= connect(protocol, server.url);
        return clients;
      },
    };
    afterAll(() => clients?.close());

    describe("tasks", () => taskScenario(scene));
    describe("watches", () => watchScenario(scene));
    describe("schemas", () => schemaScenario(scene));
    describe("cache", () => cacheScenario(scene));
    describe("status", () => statusScenario(scene));

    it("every method was driven, and answered OK", () => {
      expect([...scene.clients.answered].sort()).toEqual(methodNames().sort());
    });
  });
}

function methodNames(): string[] {
  return SERVICES.flatMap((service: DescService) =>
    service.methods.map((method) => `${service.typeName}/${method.name}`),
  );
}
