import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseAuthFile } from "../../src/auth/file.ts";
import { isSecret, readToken } from "../../src/auth/secret.ts";

const folder = mkdtempSync(join(tmpdir(), "dbconn-token-"));
const file = join(folder, "auth.json");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As `npm run token` runs it, with the file named by the environment. */
function token(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/token/main.ts", ...args], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, AUTH_FILE: file },
  });
  return { status, stdout, stderr };
}
const stored = () => parseAuthFile(readFileSync(file, "utf8"));

describe("npm run token", () => {
  it("explains itself", () => {
    const { status, stdout } = token("--help");
    expect(status).toBe(0);
    for (const word of ["add", "list", "revoke", "--scope", "--expires", "AUTH_FILE"])
      expect(stdout).toContain(word);
  });

  it("makes a token, shows it once and stores its hash in a file for its owner only", () => {
    const { stdout } = token("add", "importer", "--scope", "task:write:import-*", "--expires", "90d");
    const made = readToken(stdout.trim());
    const [record] = stored().tokens;
    expect(record).toMatchObject({ id: made?.id, name: "importer", scopes: ["task:write:import-*"] });
    expect(isSecret(made?.secret ?? "", record?.sha256 ?? "")).toBe(true);
    expect(readFileSync(file, "utf8")).not.toContain(made?.secret);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(Date.parse(record?.expires ?? "") - Date.parse(record?.created ?? "")).toBe(90 * 86_400_000);
  });

  it("lists tokens without anything secret, and revokes by name or id", () => {
    token("add", "importer", "--scope", "task:read");
    token("add", "other", "--scope", "cache:read");
    const { stdout } = token("list");
    expect(stdout.match(/importer/g)).toHaveLength(2);
    for (const { sha256 } of stored().tokens) expect(stdout).not.toContain(sha256);
    expect(token("revoke", "importer").stdout.match(/^revoked/gm)).toHaveLength(2);
    const [other] = stored().tokens;
    expect(token("revoke", other?.id ?? "").status).toBe(0);
    expect(stored().tokens).toEqual([]);
  });

  it.each([
    ["nothing"],
    ["no scope", "add", "x"],
    ["a wrong scope", "add", "x", "--scope", "task:everything"],
    ["a wrong time", "add", "x", "--scope", "task:read", "--expires", "soon"],
    ["an unknown name", "revoke", "nobody"],
    ["an unknown option", "list", "--all"],
    ["an unknown command", "remove", "x"],
  ])("says what is wrong with %s, and changes nothing", (_what, ...args) => {
    const kept = { tokens: [], certificates: [{ name: "kept", subject: "CN=kept", scopes: ["task:read"] }] };
    writeFileSync(file, JSON.stringify(kept));
    const before = readFileSync(file, "utf8");
    const { status, stderr } = token(...args);
    expect(status).toBe(2);
    expect(stderr).toContain("--help");
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("leaves certificates as they are, and a file that it cannot read", () => {
    const certificates = [{ name: "worker", subject: "CN=worker", scopes: ["task:read"] }];
    writeFileSync(file, JSON.stringify({ certificates }));
    token("add", "x", "--scope", "task:read");
    expect(stored().certificates).toEqual(certificates);
    writeFileSync(file, "{");
    expect(token("add", "x", "--scope", "task:read").status).toBe(2);
    expect(readFileSync(file, "utf8")).toBe("{");
  });
});
