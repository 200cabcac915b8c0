// A page of another origin, in a real browser, with connect-web.
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { bundle, openPage, servePage } from "../support/page.ts";
import { describeWithChromium } from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";
import type { Driven } from "./browser-page.ts";
import { connect } from "./transports.ts";

describeWithChromium("a page in Chromium", (chromium) => {
  let script: string;
  beforeAll(async () => {
    script = await bundle('import "./test/protocol/browser-page.ts";');
  });

  /** A service that lets pages of these origins in. */
  async function service(...origins: readonly string[]) {
    const server = await startServer({ env: { CORS_ORIGINS: origins.join(",") } });
    onTestFinished(async () => {
      await server.stop();
    });
    return server;
  }

  it("drives tasks, schemas, cache and status over every protocol of browsers", async () => {
    const { origin } = await servePage(script);
    const { url } = await service("http://localhost:1", origin);
    const page = await openPage(chromium, origin);
    const protocols = await page.evaluate<string[]>("protocols");
    expect(protocols).toEqual(["Connect JSON", "Connect JSON with GET", "Connect binary", "gRPC-Web"]);
    for (const protocol of protocols) {
      const driven = await page.evaluate<Driven>(
        `drive(${JSON.stringify(url)}, ${JSON.stringify(protocol)})`,
      );
      expect(driven).toEqual({
        data: { rows: 10, done: 3 },
        read: { rows: 10, done: 3 },
        release: 1,
        valid: [true, false],
        text: "Ada",
        mode: Mode.NORMAL,
        failure: { code: "InvalidArgument", reason: "INVALID_FIELD", fields: ["kind"] },
      });
    }
  });

  it("of an origin that is not in the list is refused, and changes nothing", async () => {
    const { origin } = await servePage(script);
    const { url } = await service("http://localhost:1");
    const page = await openPage(chromium, origin);
    for (const protocol of await page.evaluate<string[]>("protocols")) {
      const call = page.evaluate(`drive(${JSON.stringify(url)}, ${JSON.stringify(protocol)})`);
      await expect(call).rejects.toThrow(/Failed to fetch/);
    }
    const { tasks, close } = connect("gRPC", url);
    onTestFinished(close);
    expect((await tasks.listTasks({})).tasks).toEqual([]);
  });
});
