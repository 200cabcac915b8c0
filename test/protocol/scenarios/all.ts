// Every scenario over every protocol, to one running service, and proof that no method was left out.
import type { DescMethodServerStreaming, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServerProcess, startServer } from "../../support/server-process.ts";
import { expectFailure } from "../failures.ts";
import { type Clients, connect, PROTOCOLS, SERVICES } from "../transports.ts";
import { cacheScenario } from "./cache.ts";
import { schemaScenario } from "./schemas.ts";
import { type StatusScene, statusScenario } from "./status.ts";
import { taskScenario } from "./tasks.ts";
import { watchScenario } from "./watches.ts";

/** In the contract, and still to come. A method that is in no scenario has to be here, and must say so itself. */
const UNIMPLEMENTED = ["dbconn.v1.CacheService/LeaseEntry"];

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

    it("every implemented method was driven, and answered OK", () => {
      const implemented = methodNames().filter((name) => !UNIMPLEMENTED.includes(name));
      expect([...scene.clients.answered].sort()).toEqual(implemented.sort());
    });

    it.each(UNIMPLEMENTED)("%s answers UNIMPLEMENTED", async (name) => {
      const { transport } = scene.clients;
      const method = SERVICES.flatMap((service: DescService) => service.methods).find(
        (candidate) => `${candidate.parent.typeName}/${candidate.name}` === name,
      );
      if (method === undefined) throw new Error(`the contract has no ${name}`);
      const call =
        method.methodKind === "unary"
          ? transport.unary(method as DescMethodUnary, undefined, undefined, undefined, {})
          : transport
              .stream(method as DescMethodServerStreaming, undefined, undefined, undefined, once({}))
              .then(async ({ message }) => {
                for await (const _ of message);
              });
      await expectFailure(call, { code: "Unimplemented" });
    });
  });
}

function methodNames(): string[] {
  return SERVICES.flatMap((service: DescService) =>
    service.methods.map((method) => `${service.typeName}/${method.name}`),
  );
}

async function* once<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}
