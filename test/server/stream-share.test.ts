import { EventEmitter } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import { describe, expect, it } from "vitest";
import { CallTable } from "../../src/server/calls.ts";
import type { Exchange } from "../../src/server/exchange.ts";
import { StreamShare } from "../../src/server/stream-share.ts";
import { answerOf, grpcHeaders, Step, session, start } from "./support.ts";

/** Remembers what its peer was told. */
class FakeSession extends EventEmitter {
  readonly told: number[] = [];
  closed = false;
  destroyed = false;
  pendingSettingsAck = false;
  settings({ maxConcurrentStreams = 0 }: { maxConcurrentStreams?: number }): void {
    this.told.push(maxConcurrentStreams);
  }
}

function setup(count: number) {
  const fakes = Array.from({ length: count }, () => new FakeSession());
  const calls = new CallTable();
  const sessions = new Set(fakes as unknown as ServerHttp2Session[]);
  const streams = new StreamShare({ sessions, calls, max: 200 });
  const call = (of: FakeSession | undefined, waits = false) => {
    const exchange = { connection: of, onClose: () => {} } as unknown as Exchange;
    calls.add({ exchange, service: "test.v1.TestService", waits });
  };
  return { fakes, streams, call };
}

describe("the calls that HTTP/2 peers may have at a time", () => {
  it("are parted among those who call", () => {
    const { fakes, streams, call } = setup(3);
    call(fakes[0]);
    call(fakes[0]);
    call(fakes[1]);
    streams.share(100);
    expect(fakes.map(({ told }) => told)).toEqual([[50], [50], [50]]);
  });

  it("come on top of the streams that wait", () => {
    const { fakes, streams, call } = setup(1);
    for (let n = 0; n < 30; n++) call(fakes[0], true);
    streams.share(10);
    expect(fakes[0]?.told).toEqual([40]);
  });

  it("are told again only when they changed by much, and not before the peer has confirmed", () => {
    const { fakes, streams, call } = setup(1);
    const [fake] = fakes;
    if (fake === undefined) throw new Error("no session");
    call(fake);
    for (const room of [100, 95, 110, 50]) streams.share(room);
    fake.pendingSettingsAck = true;
    streams.share(20);
    fake.pendingSettingsAck = false;
    streams.share(20);
    expect(fake.told).toEqual([100, 50, 20]);
  });

  it("are as many as ever once the load is gone, and never none", () => {
    const { fakes, streams, call } = setup(2);
    call(fakes[0]);
    call(fakes[1]);
    streams.share(1);
    streams.share(undefined);
    streams.share(undefined);
    expect(fakes.map(({ told }) => told)).toEqual([
      [1, 200],
      [1, 200],
    ]);
  });
});

describe("a call too many", () => {
  it("is held for a moment before its refusal, and takes no one's place meanwhile", async () => {
    const begun = new Step();
    const end = new Step();
    const { url } = await start({
      limits: { maxInFlight: 1 },
      handlers: {
        read: async (message) => {
          begun.reach();
          await end.wait();
          return message;
        },
      },
    });
    const client = await session(url);
    const first = client.request(grpcHeaders("/test.v1.TestService/Read"));
    first.end(Buffer.alloc(5));
    await begun.wait();
    const order: string[] = [];
    const second = client.request(grpcHeaders("/test.v1.TestService/Read"));
    second.end(Buffer.alloc(5));
    const refused = answerOf(second).then(({ trailers }) => order.push(`refused ${trailers["grpc-status"]}`));
    const health = client.request(grpcHeaders("/grpc.health.v1.Health/Check"));
    health.end(Buffer.alloc(5));
    await answerOf(health).then(({ trailers }) => order.push(`health ${trailers["grpc-status"]}`));
    await refused;
    expect(order).toEqual(["health 0", "refused 8"]);
    end.reach();
    expect((await answerOf(first)).trailers["grpc-status"]).toBe("0");
  });
});
