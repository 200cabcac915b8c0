import { once } from "node:events";
import type { Socket } from "node:net";
import { duplexPair } from "node:stream";
import { expect, it } from "vitest";
import { Stall } from "../../src/server/h2/stall.ts";

it("a connection that has ended is given up, though Node's session takes what was left for it meanwhile", async () => {
  const [socket] = duplexPair();
  const [pipe] = duplexPair();
  const stall = new Stall(socket as Socket, 60_000);
  stall.watch(pipe);
  socket.end(Buffer.alloc(100_000));
  stall.last(1);
  pipe.emit("drain");
  await once(socket, "close");
  expect(socket.writableFinished).toBe(false);
});
