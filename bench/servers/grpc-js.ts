// What one would write with @grpc/grpc-js and node-redis instead: GetEntry as one GET of the key.
// `node grpc-js.ts REDIS_URL`
import { fileURLToPath } from "node:url";
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { createClient } from "redis";

interface Name {
  readonly namespace: string;
  readonly key: string;
}

const redis = await createClient({ url: process.argv[2] ?? "" }).connect();
const proto = fileURLToPath(new URL("../../proto", import.meta.url));
const { "dbconn.v1.CacheService": service } = loadSync("dbconn/v1/cache.proto", { includeDirs: [proto] });

function getEntry({ request }: ServerUnaryCall<Name, unknown>, answer: sendUnaryData<unknown>): void {
  redis.get(request.key).then(
    (text) => {
      if (text === null) answer({ code: status.NOT_FOUND, details: "there is no such entry" });
      else answer(null, { entry: { namespace: "default", key: request.key, text } });
    },
    (error: unknown) => answer({ code: status.UNAVAILABLE, details: String(error) }),
  );
}

const server = new Server();
server.addService(service as ServiceDefinition, { getEntry });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
process.once("SIGTERM", () => process.exit());
