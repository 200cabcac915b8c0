// A service with authentication, and tokens for it that a test makes up as it goes.
import { randomBytes } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
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

  as(token: string): Caller {
    const { url: baseUrl } = this.server;
    const transport = createConnectTransport({
      baseUrl,
      httpVersion: "1.1",
      useBinaryFormat: false,
      jsonOptions,
      interceptors: [
        (next) => (request) => {
          if (token !== "") request.header.set("authorization", `Bearer ${token}`);
          return next(request);
        },
      ],
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

  async close(): Promise<void> {
    await this.#server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
