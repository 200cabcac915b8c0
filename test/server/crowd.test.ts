import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Crowd, refusalPause } from "../../src/server/crowd.ts";
import { answerOf, grpcHeaders, Step, session, start } from "./support.ts";

const TURN_MS = 1;

describe("calls that are too many", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A crowd before a server that takes `room` calls in a turn, and what became of those that came. */
  function setup(room: number) {
    const limits = { room };
    const now = () => performance.now();
    const crowd = new Crowd({ now, hasRoom: (takenInTurn) => takenInTurn < limits.room });
    const taken: string[] = [];
    const refused: string[] = [];
    const leave = new Map<string, () => void>();
    const come = (name: string, fits = () => true): void => {
      const onGone = (listener: () => void) => void leave.set(name, listener);
      void crowd.wait(fits, onGone).then((is) => (is ? taken : refused).push(name));
    };
    const turn = () => vi.advanceTimersByTimeAsync(TURN_MS);
    return { crowd, limits, taken, refused, come, leave, turn };
  }

  it("are taken over the next turns when no more come", async () => {
    const { taken, refused, come, turn } = setup(2);
    for (const name of ["a", "b", "c", "d", "e"]) come(name);
    await turn();
    expect(taken.length).toBeLessThan(5);
    for (let n = 0; n < 3; n++) await turn();
    expect(taken.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    expect(refused).toEqual([]);
  });

  it("are taken in the order in which they came while none is late", async () => {
    const { crowd, limits, taken, come, turn } = setup(0);
    for (const name of ["a", "b", "c"]) come(name);
    await turn();
    limits.room = 1;
    for (let n = 0; n < 3; n++) {
      crowd.ended();
      await turn();
    }
    expect(taken).toEqual(["a", "b", "c"]);
  });

  /** Others come without end, and nobody is taken, until the first ones are late. */
  async function untilLate({ crowd, come, turn }: ReturnType<typeof setup>, names: readonly string[]) {
    for (const name of names) come(name);
    for (let n = 0; n < 40; n++) {
      crowd.ended();
      await turn();
      if (n % 5 === 0) come(`other ${n}`);
    }
  }

  it("are passed over when they are late and others come, and refused after a while, not at once", async () => {
    const served = setup(0);
    const { crowd, limits, taken, refused, come, turn } = served;
    await untilLate(served, ["late"]);
    expect(refused).toEqual([]);
    come("new");
    limits.room = 9;
    crowd.ended();
    await turn();
    expect(taken).toContain("new");
    expect(taken).not.toContain("late");
    limits.room = 0;
    for (let n = 0; n < refusalPause(1) && refused.length === 0; n++) {
      if (n % 5 === 0) come(`more ${n}`);
      await turn();
    }
    expect(refused).toEqual(["late"]);
  });

  it("are taken late, too, in their order, once nobody comes any more", async () => {
    const served = setup(0);
    const { crowd, limits, taken, refused, turn } = served;
    await untilLate(served, ["a", "b"]);
    await vi.advanceTimersByTimeAsync(50);
    limits.room = 1;
    crowd.ended();
    await turn();
    crowd.ended();
    await turn();
    expect([taken.slice(0, 2), refused]).toEqual([["a", "b"], []]);
  });

  it("are not late because the process stood still for a moment", async () => {
    const { crowd, limits, taken, come, turn } = setup(0);
    come("a");
    await turn();
    await vi.advanceTimersByTimeAsync(100);
    come("b");
    limits.room = 2;
    crowd.ended();
    await turn();
    expect(taken).toEqual(["a", "b"]);
  });

  it("are taken instead of refused where there is room by then and nobody else comes", async () => {
    const { limits, taken, refused, come, turn } = setup(0);
    come("a");
    await turn();
    limits.room = 1;
    await vi.advanceTimersByTimeAsync(refusalPause(1));
    expect([taken, refused]).toEqual([["a"], []]);
  });

  it("leave the room to those whose service has some", async () => {
    const { crowd, limits, taken, come, turn } = setup(0);
    come("of another service");
    come("of a service that hangs", () => false);
    limits.room = 2;
    crowd.ended();
    await turn();
    expect(taken).toEqual(["of another service"]);
  });

  it("are forgotten when their clients go", async () => {
    const { crowd, limits, taken, refused, come, leave, turn } = setup(0);
    come("a");
    leave.get("a")?.();
    limits.room = 1;
    crowd.ended();
    await turn();
    expect([taken, refused]).toEqual([[], ["a"]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are refused no faster than the process can afford, however many wait", () => {
    expect([1, 250, 2_000, 5_000].map(refusalPause)).toEqual([250, 250, 2_000, 5_000]);
  });
});

describe("a call too many", () => {
  async function full() {
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
    const call = (path: string) => {
      const stream = client.request(grpcHeaders(path));
      stream.end(Buffer.alloc(5));
      return answerOf(stream).then(({ trailers }) => trailers["grpc-status"]);
    };
    return { call, end, first: answerOf(first) };
  }

  it("is held for a moment before its refusal, and takes no one's place meanwhile", async () => {
    const { call, end, first } = await full();
    const order: string[] = [];
    const refused = call("/test.v1.TestService/Read").then((status) => order.push(`refused ${status}`));
    await call("/grpc.health.v1.Health/Check").then((status) => order.push(`health ${status}`));
    await refused;
    expect(order).toEqual(["health 0", "refused 8"]);
    end.reach();
    expect((await first).trailers["grpc-status"]).toBe("0");
  });
});
