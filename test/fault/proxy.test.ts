import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FaultProxy } from "./proxy.ts";

describe("the fault proxy", () => {
  let echo: Server;
  let proxy: FaultProxy;
  let received: string;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    received = "";
    echo = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        received += chunk;
        socket.write(chunk);
      });
    }).listen(0, "127.0.0.1");
    await once(echo, "listening");
    const address = echo.address();
    proxy = await FaultProxy.start(typeof address === "object" && address !== null ? address.port : 0);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await proxy.close();
    echo.close();
  });

  async function dial(): Promise<Socket> {
    const socket = connect(proxy.port, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "connect");
    return socket;
  }

  async function ask(socket: Socket, text: string): Promise<string> {
    socket.write(text);
    const [chunk] = await once(socket, "data");
    return String(chunk);
  }

  it("passes everything while there is no fault", async () => {
    expect(await ask(await dial(), "a")).toBe("a");
    expect(proxy.fired).toBe(0);
  });

  it("delays both directions, in order", async () => {
    const socket = await dial();
    proxy.set({ kind: "latency", ms: 5 });
    expect(await ask(socket, "a")).toBe("a");
    expect(await ask(socket, "b")).toBe("b");
    expect(proxy.fired).toBe(4);
  });

  it("holds what is sent into a black hole until it is over", async () => {
    const socket = await dial();
    expect(await ask(socket, "a")).toBe("a");
    proxy.set({ kind: "blackHole" });
    const answer = ask(socket, "b");
    while (proxy.fired === 0) await new Promise(setImmediate);
    expect(received).toBe("a");
    proxy.heal();
    expect(await answer).toBe("b");
  });

  it("never tells the client of a half-open connection", async () => {
    const socket = await dial();
    expect(await ask(socket, "a")).toBe("a");
    let closed = false;
    socket.once("close", () => {
      closed = true;
    });
    proxy.set({ kind: "halfOpen" });
    proxy.heal();
    socket.write("b");
    expect(await ask(await dial(), "c")).toBe("c");
    expect([closed, received]).toEqual([false, "ac"]);
  });

  it("resets", async () => {
    const socket = await dial();
    expect(await ask(socket, "a")).toBe("a");
    const failed = once(socket, "error");
    proxy.set({ kind: "reset" });
    expect(String(await failed)).toContain("ECONNRESET");
  });

  it("loses the reply of a request that was carried out", async () => {
    const socket = await dial();
    proxy.set({ kind: "loseReply", to: "write", every: 2 });
    expect(await ask(socket, "write 1")).toBe("write 1");
    expect(await ask(socket, "read")).toBe("read");
    socket.write("write 2");
    await new Promise<void>((resolve) => socket.once("error", () => {}).once("close", () => resolve()));
    expect([received, proxy.fired]).toEqual(["write 1readwrite 2", 1]);
  });
});
