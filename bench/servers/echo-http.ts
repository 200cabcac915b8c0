// The least that a JSON server on node:http can do: reads the request, answers with fixed bytes.
import http from "node:http";
import { JSON_ANSWER } from "./answer.ts";
import { listen } from "./listen.ts";

const server = http.createServer((request, response) => {
  request.on("data", () => {});
  request.once("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": JSON_ANSWER.length });
    response.end(JSON_ANSWER);
  });
});
listen(server);
