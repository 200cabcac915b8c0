// The least that a gRPC server on node:http2 can do: reads the request, answers with fixed bytes and trailers.
import http2 from "node:http2";
import { GRPC_ANSWER } from "./answer.ts";
import { listen } from "./listen.ts";

const server = http2.createServer();
server.on("stream", (stream) => {
  stream.on("error", () => {});
  stream.on("data", () => {});
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.once("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.end(GRPC_ANSWER);
  });
});
listen(server);
