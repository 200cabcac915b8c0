// A service with authentication, and tokens for it that a test makes up as it goes.
import { randomBytes } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { DatabaseService } from "../../gen/legacy/database_service/database_service_pb.ts";
import type { TokenRecord } from "../../src/auth/file.ts";
import { newToken } from "../../src/auth/secret.ts";
import { jsonOptions } from "../protocol/transports.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

export interface Caller {
  readonly tasks: Client<typeof TaskService>;
  readonly schemas: Client<typeof SchemaService>;
  readonly cache: Client<typeof CacheService>;
  readonly legacy: Client<typeof DatabaseService>;
  readonly transport: Transport;
  readonly token: string;
}

export class Access {
  readonly folder = mkdtempSync(join(tmpdir(), "dbconn-auth-"));
  readonly file = join(this.folder, "auth.json");
  readonly #tokens = new Map<string, TokenRecord>();
  #server: ServerProcess | undefined;
  #sessionManager: Http2SessionManager | undefined;

  /** Before the start, so that there is no wait for the file to be read again. */
  token(name: string, ...scopes: readonly string[]): string {
    const { id, sha256, token } = newToken(randomBytes);
    this.#tokens.set(name, { id, name, sha256, scopes, created: new Date(0).toISOString() });
    this.write();
    return token;
  }

  revoke(name: string): void {
    this.#tokens.delete(name);
    this.write();
  }

  write(): void {
    const next = `${this.file}.next`;
    writeFileSync(next, JSON.stringify({ tokens: [...this.#tokens.values()] }));
    renameSync(next, this.file);
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    this.#server = await startServer({ env: { AUTH_FILE: this.file, ...env } });
    return this.#server;
  }

  as(token: string, protocol: "Connect JSON" | "gRPC" = "Connect JSON"): Caller {
    const { url: baseUrl } = this.server;
    const authorize: Interceptor = (next) => (request) => {
      if (token !== "") request.header.set("authorization", `Bearer ${token}`);
      return next(request);
    };
    const interceptors = [authorize];
    const transport =
      protocol === "gRPC"
        ? createGrpcTransport({ baseUrl, interceptors, sessionManager: this.#session(baseUrl) })
        : createConnectTransport({
            baseUrl,
            interceptors,
            httpVersion: "1.1",
            useBinaryFormat: false,
            jsonOptions,
          });
    return {
      tasks: createClient(TaskService, transport),
      schemas: createClient(SchemaService, transport),
      cache: createClient(CacheService, transport),
      legacy: createClient(DatabaseService, transport),
      transport,
      token,
    };
  }

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error("the service was not started");
    return this.#server;
  }

  /** One connection for all callers, as behind a proxy. */
  #session(baseUrl: string): Http2SessionManager {
    this.#sessionManager ??= new Http2SessionManager(baseUrl);
    return this.#sessionManager;
  }

  async close(): Promise<void> {
    this.#sessionManager?.abort();
    await this.#server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
