import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { JwtVerifier, localKeys } from "../../../src/auth/jwt.ts";

const rules = { issuer: "https://idp.example.com", audience: "dbconn", scopeClaim: "scope" };
const now = Date.parse("2026-01-01T00:00:00Z");
const seconds = now / 1000;

const { publicKey, privateKey } = await generateKeyPair("ES256");
const stranger = await generateKeyPair("ES256");
const keys = localKeys(
  JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "a", alg: "ES256" }] }),
);

const good = {
  iss: rules.issuer,
  aud: "dbconn",
  sub: "alice",
  exp: seconds + 60,
  scope: "openid task:read:a cache:write",
};

function sign(payload: JWTPayload, key = privateKey, kid = "a"): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid }).sign(key);
}

describe("a JWT", () => {
  it("says who calls, and its claim of scopes what for", async () => {
    const verifier = new JwtVerifier(
      rules,
      () => keys,
      () => now,
    );
    const outcome = await verifier.verify(await sign(good));
    expect(outcome).toMatchObject({ principal: { id: "jwt:alice" } });
    if (!("principal" in outcome)) throw new Error("refused");
    const { grants } = outcome.principal;
    expect(grants.names("task", "read").has("a")).toBe(true);
    expect(grants.names("task", "read").has("b")).toBe(false);
    expect(grants.names("cache", "write").isAll).toBe(true);
    expect(grants.names("schema", "read").isEmpty).toBe(true);
  });

  it("may list its scopes in a claim of another name", async () => {
    const verifier = new JwtVerifier(
      { ...rules, scopeClaim: "permissions" },
      () => keys,
      () => now,
    );
    const outcome = await verifier.verify(await sign({ ...good, permissions: ["task:read", 7, null] }));
    expect("principal" in outcome && outcome.principal.grants.names("task", "read").isAll).toBe(true);
    expect("principal" in outcome && outcome.principal.grants.names("cache", "write").isEmpty).toBe(true);
  });

  it.each([
    ["another issuer", { ...good, iss: "https://evil.example.com" }],
    ["another audience", { ...good, aud: "other" }],
    ["no audience", { ...good, aud: undefined }],
    ["no expiry", { ...good, exp: undefined }],
    ["an expiry that has passed", { ...good, exp: seconds - 31 }],
    ["a beginning to come", { ...good, nbf: seconds + 60 }],
    ["no subject", { ...good, sub: undefined }],
    ["a subject of two lines", { ...good, sub: "a\nb" }],
    ["an endless subject", { ...good, sub: "a".repeat(101) }],
  ])("with %s is refused", async (_what, payload) => {
    const verifier = new JwtVerifier(
      rules,
      () => keys,
      () => now,
    );
    const claims: JWTPayload = JSON.parse(JSON.stringify(payload));
    expect(await verifier.verify(await sign(claims))).toHaveProperty("refused");
  });

  it("signed by another key, not signed, changed or of a shared secret is refused", async () => {
    const verifier = new JwtVerifier(
      rules,
      () => keys,
      () => now,
    );
    const token = await sign(good);
    const [header, , signature] = token.split(".");
    const text = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const admin = text({ ...good, scope: "task:admin" });
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(publicKey)));
    const bad = [
      await sign(good, stranger.privateKey),
      await sign(good, privateKey, "unknown"),
      `${text({ alg: "none" })}.${text(good)}.`,
      `${header}.${admin}.${signature}`,
      await new SignJWT(good).setProtectedHeader({ alg: "HS256", kid: "a" }).sign(secret),
      "a.b.c",
      "x".repeat(10_000),
    ];
    for (const one of bad) expect(await verifier.verify(one)).toHaveProperty("refused");
    expect(await verifier.verify(token)).toHaveProperty("principal");
  });

  it("is verified once a minute, and no longer than it is good for", async () => {
    let time = now;
    let asked = 0;
    const verifier = new JwtVerifier(
      rules,
      () => {
        asked++;
        return keys;
      },
      () => time,
    );
    const token = await sign({ ...good, exp: seconds + 90 });
    await verifier.verify(token);
    expect(await verifier.verify(token)).toHaveProperty("principal");
    expect(asked).toBe(1);
    time = now + 60_000;
    expect(await verifier.verify(token)).toHaveProperty("principal");
    expect(asked).toBe(2);
    time = now + 120_000;
    expect(await verifier.verify(token)).toHaveProperty("refused");
  });

  it("whose keys cannot be had may be good: the caller is told to try again", async () => {
    const noKeys = () => Promise.reject(new TypeError("fetch failed"));
    const verifier = new JwtVerifier(
      rules,
      () => noKeys,
      () => now,
    );
    expect(await verifier.verify(await sign(good))).toMatchObject({ retry: true });
  });
});
