import { once } from "node:events";
import http2 from "node:http2";
import https from "node:https";
import tls from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { createAuthenticate } from "../../src/auth/authenticate.ts";
import { Directory } from "../../src/auth/directory.ts";
import { principalKey } from "../../src/rpc/principal.ts";
import { alternativeNamesIn } from "../../src/server/client-certificate.ts";
import { closed, connect, received, request, type Setup, sessionManager, start } from "../server/support.ts";
import { TestService } from "../server/test-service.ts";
import { Authority, type Pair } from "./certificates.ts";

const authority = new Authority();
const strangers = new Authority("strangers");
const own = authority.issue("/CN=dbconn", "IP:127.0.0.1,DNS:localhost");
afterAll(() => {
  authority.close();
  strangers.close();
});

const material = { ...own, clientCa: undefined };

function startTls(tlsSetup: Partial<NonNullable<Setup["tls"]>> = {}, setup: Setup = {}) {
  return start({ ...setup, tls: { material, required: true, clientCert: "request", ...tlsSetup } });
}

/** What a handshake ends with: the certificate that the port showed, or the error. */
async function handshake(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: "127.0.0.1", ca: authority.cert, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  socket.on("error", () => {});
  return socket;
}

/** Who the port takes the caller for, over gRPC on HTTP/2 and Connect on HTTP/1.1. */
async function callersOver(port: number, pair?: Pair): Promise<readonly string[]> {
  const baseUrl = `https://127.0.0.1:${port}`;
  const nodeOptions = { ca: authority.cert, ...pair };
  const manager = sessionManager(baseUrl, nodeOptions);
  const transports = [
    createGrpcTransport({ baseUrl, sessionManager: manager }),
    createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { ...nodeOptions, agent: false } }),
  ];
  return await Promise.all(
    transports.map(async (transport) => {
      try {
        return (await createClient(TestService, transport).read({})).value;
      } catch (error) {
        return String(error);
      }
    }),
  );
}

describe("over TLS", () => {
  it("every protocol is served, chosen by ALPN", async () => {
    const { port } = await startTls();
    const baseUrl = `https://127.0.0.1:${port}`;
    const nodeOptions = { ca: authority.cert };
    const manager = sessionManager(baseUrl, nodeOptions);
    const grpc = createClient(TestService, createGrpcTransport({ baseUrl, sessionManager: manager }));
    expect((await grpc.read({ value: "over gRPC" })).value).toBe("over gRPC");
    const http1 = createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions });
    expect((await createClient(TestService, http1).read({ value: "over Connect" })).value).toBe(
      "over Connect",
    );
    expect((await handshake(port, { ALPNProtocols: ["h2", "http/1.1"] })).alpnProtocol).toBe("h2");
    expect((await handshake(port, { ALPNProtocols: ["http/1.1"] })).alpnProtocol).toBe("http/1.1");
  });

  it("clear text is told so and turned away, unless it may share the port", async () => {
    const strict = await startTls();
    const answer = await request(`${strict.url}/livez`, {});
    expect(answer).toMatchObject({ status: 400, body: "this port speaks TLS only\n" });
    const h2 = http2.connect(strict.url);
    h2.on("error", () => {});
    await closed(h2);
    const shared = await startTls({ required: false });
    expect((await request(`${shared.url}/livez`, {})).status).toBe(200);
    await handshake(shared.port);
  });

  it("a port without a certificate closes a connection that begins a handshake", async () => {
    const { port, url } = await start();
    const socket = tls.connect({ port, host: "127.0.0.1" });
    await expect(once(socket, "secureConnect")).rejects.toThrow();
    expect((await request(`${url}/livez`, {})).status).toBe(200);
  });

  it("versions before 1.2 are refused", async () => {
    const { port } = await startTls();
    const old = handshake(port, {
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    await expect(old).rejects.toThrow();
  });

  it.each([
    ["nonsense after the first byte", Buffer.from([0x16, 0, 0, 0, 0, 1, 2, 3])],
    ["a record of another protocol", Buffer.from(`\x16${"GET / HTTP/1.1\r\n".repeat(100)}`, "latin1")],
    ["half a handshake", Buffer.from([0x16, 3, 1, 2, 0, 1])],
  ])("%s ends the connection and nothing else", async (_what, bytes) => {
    const { port } = await startTls({}, { limits: { headersMs: 300 } });
    const socket = await connect(port);
    socket.write(bytes);
    await received(socket);
    await handshake(port);
  });

  it("a renewed certificate is shown to new connections, while old ones go on", async () => {
    const { port, server } = await startTls();
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: authority.cert });
    onTestFinished(() => agent.destroy());
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const get = https.get(`https://127.0.0.1:${port}/livez`, { agent }, (response) => {
          const { serialNumber } = (response.socket as tls.TLSSocket).getPeerCertificate();
          response.resume().once("end", () => resolve(serialNumber));
        });
        get.on("error", reject);
      });
    const before = await shown();
    const renewed = authority.issue("/CN=dbconn-2", "IP:127.0.0.1");
    server.renewTls({ ...renewed, clientCa: undefined });
    expect(await shown()).toBe(before);
    const after = (await handshake(port)).getPeerCertificate();
    expect(after.subject.CN).toBe("dbconn-2");
    expect(after.serialNumber).not.toBe(before);
  });

  it("a certificate that cannot be used leaves the one in force", async () => {
    const { port, server } = await startTls();
    expect(() => server.renewTls({ ...material, key: strangers.issue("/CN=x").key })).toThrow();
    expect((await handshake(port)).getPeerCertificate().subject.CN).toBe("dbconn");
  });
});

describe("a client certificate", () => {
  const worker = authority.issue("/O=Example/CN=worker");
  const other = authority.issue("/CN=unknown", "URI:spiffe://example.com/other");
  const stranger = strangers.issue("/O=Example/CN=worker");
  const directory = new Directory(() => 0);
  directory.replace({
    tokens: [],
    certificates: [
      { name: "worker", subject: "O=Example,CN=worker", scopes: ["task:read"] },
      { name: "other", alternativeName: "URI:spiffe://example.com/other", scopes: ["task:read"] },
    ],
  });
  const setup: Setup = {
    authenticate: createAuthenticate(directory, undefined),
    handlers: {
      read: (_message, { values }) => ({ value: values.get(principalKey)?.id ?? "nobody" }),
    },
  };
  const withClients = { ...material, clientCa: authority.cert };

  it("says who calls, by its subject or an alternative name", async () => {
    const { port } = await startTls({ material: withClients }, setup);
    expect(await callersOver(port, worker)).toEqual(["certificate:worker", "certificate:worker"]);
    expect(await callersOver(port, other)).toEqual(["certificate:other", "certificate:other"]);
  });

  it("of another authority is no certificate, whatever it says", async () => {
    const { port } = await startTls({ material: withClients }, setup);
    for (const caller of await callersOver(port, stranger)) expect(caller).toMatch(/unauthenticated/);
    for (const caller of await callersOver(port)) expect(caller).toMatch(/unauthenticated/);
  });

  it("that is required is needed to connect at all", async () => {
    const { port } = await startTls({ material: withClients, clientCert: "require" }, setup);
    expect(await callersOver(port, worker)).toEqual(["certificate:worker", "certificate:worker"]);
    for (const pair of [stranger, undefined]) {
      for (const caller of await callersOver(port, pair))
        expect(caller).not.toMatch(/certificate:|unauthenticated/);
    }
  });

  it("cannot smuggle one alternative name inside another", () => {
    expect(alternativeNamesIn('URI:"spiffe://a, DNS:admin.example.com", DNS:a.example.com')).toEqual([
      "DNS:a.example.com",
    ]);
    expect(alternativeNamesIn('DNS:"a\\", DNS:b"')).toEqual([]);
    expect(alternativeNamesIn("")).toEqual([]);
  });
});
