import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { failure } from "../protocol/transports.ts";
import { sessionManager } from "../server/support.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { until } from "../support/until.ts";
import { Access } from "./access.ts";
import { Authority, type Pair } from "./certificates.ts";

const access = new Access();
const authority = new Authority();
const keys = await generateKeyPair("ES256");
let server: ServerProcess;
const path = (name: string) => join(access.folder, name);

function install({ cert, key }: Pair): void {
  for (const [name, text] of [
    ["tls.key", key],
    ["tls.crt", cert],
  ] as const) {
    writeFileSync(path(`${name}.next`), text);
    renameSync(path(`${name}.next`), path(name));
  }
}

/** The service's tasks over TLS, as the caller that the token or the certificate is of. */
function tasksOf(authorization: string | undefined, pair: Partial<Pair> = {}) {
  const baseUrl = `https://127.0.0.1:${server.port}`;
  const manager = sessionManager(baseUrl, { ca: authority.cert, ...pair });
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager: manager,
    interceptors: [
      (next) => (request) => {
        if (authorization !== undefined) request.header.set("authorization", authorization);
        return next(request);
      },
    ],
  });
  return createClient(TaskService, transport);
}

function jwt(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT({ scope: "task:read", ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "1" })
    .setIssuer("https://idp.example.com")
    .setSubject("alice")
    .setExpirationTime("5m")
    .sign(keys.privateKey);
}

beforeAll(async () => {
  install(authority.issue("/CN=first", "IP:127.0.0.1"));
  writeFileSync(path("ca.crt"), authority.cert);
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: "1", alg: "ES256" };
  writeFileSync(path("jwks.json"), JSON.stringify({ keys: [jwk] }));
  const certificates = [{ name: "worker", subject: "CN=worker", scopes: ["task:write:jobs"] }];
  writeFileSync(access.file, JSON.stringify({ certificates }));
  server = await startServer({
    env: {
      AUTH_FILE: access.file,
      AUTH_JWT_JWKS: path("jwks.json"),
      AUTH_JWT_ISSUER: "https://idp.example.com",
      AUTH_JWT_AUDIENCE: "dbconn",
      TLS_CERT_FILE: path("tls.crt"),
      TLS_KEY_FILE: path("tls.key"),
      TLS_CLIENT_CA_FILE: path("ca.crt"),
    },
  });
});
afterAll(async () => {
  await server.stop();
  await access.close();
  authority.close();
});

describe("the service over TLS with an identity provider and client certificates", () => {
  it("takes JWTs that are meant for it", async () => {
    const good = tasksOf(`Bearer ${await jwt({ aud: "dbconn" })}`);
    expect((await good.countTasks({})).total).toBe(0n);
    expect((await failure(good.createTask({ kind: "jobs", taskId: "1" }))).message).toMatch(/task:write/);
    const other = tasksOf(`Bearer ${await jwt({ aud: "another" })}`);
    expect((await failure(other.countTasks({}))).message).toMatch(/aud/);
  });

  it("takes certificates for those that the file says", async () => {
    const worker = tasksOf(undefined, authority.issue("/CN=worker"));
    expect((await worker.createTask({ kind: "jobs", taskId: "1" })).task?.revision).toBe(1n);
    expect((await failure(worker.createTask({ kind: "others" }))).message).toMatch(/permission_denied/);
    const unknown = tasksOf(undefined, authority.issue("/CN=unknown"));
    expect((await failure(unknown.countTasks({}))).message).toMatch(/unauthenticated/);
  });

  it("shows a renewed certificate without a restart, and keeps the old one when the new one is none", async () => {
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const socket = tls.connect({ port: server.port, host: "127.0.0.1", ca: authority.cert }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.on("error", reject);
      });
    expect(await shown()).toBe("first");
    const told = async () => server.log.filter(({ msg }) => msg === "a changed file cannot be used").length;
    writeFileSync(path("tls.crt"), "no certificate");
    await until(told, (count) => count > 0);
    expect(await shown()).toBe("first");
    install(authority.issue("/CN=second", "IP:127.0.0.1"));
    expect(await until(shown, (name) => name !== "first")).toBe("second");
  });
});

describe("the service does not start", () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ["without its file of tokens", { AUTH_FILE: path("absent.json") }, /absent\.json/],
    [
      "with a key of another certificate",
      { TLS_CERT_FILE: path("ca.crt"), TLS_KEY_FILE: path("tls.key") },
      /ca\.crt/,
    ],
    ["beyond loopback for everybody", { HOST: "0.0.0.0" }, /HOST/],
  ])("%s, and says why", async (_what, env, why) => {
    await expect(startServer({ env })).rejects.toThrow(why);
  });
});
