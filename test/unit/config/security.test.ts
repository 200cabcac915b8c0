import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { problemsOf } from "./problems.ts";

const JWT = {
  AUTH_JWT_JWKS: "jwks.json",
  AUTH_JWT_ISSUER: "https://idp.example.com",
  AUTH_JWT_AUDIENCE: "dbconn",
};
const TLS = { TLS_CERT_FILE: "tls.crt", TLS_KEY_FILE: "tls.key" };

describe("an address that others can reach", () => {
  it.each(["0.0.0.0", "::", "10.0.0.1", "example.com"])("is refused without authentication: %s", (HOST) => {
    const [problem, ...others] = problemsOf({ HOST });
    expect(problem).toMatch(/^HOST: .*AUTH_FILE.*ALLOW_INSECURE=true/);
    expect(others).toEqual([]);
    expect(problemsOf({ HOST, AUTH_FILE: "" })).toHaveLength(1);
    expect(problemsOf({ HOST, ...TLS })).toHaveLength(1);
  });

  it("is taken with authentication, or when somebody says that it may be", () => {
    const HOST = "0.0.0.0";
    for (const more of [{ AUTH_FILE: "auth.json" }, JWT, { ALLOW_INSECURE: "true" }]) {
      expect(problemsOf({ HOST, ...more })).toEqual([]);
    }
  });

  it("comes with a warning as long as tokens may cross the network in clear text", () => {
    const warned = (more: Record<string, string>) =>
      loadConfig({ HOST: "0.0.0.0", AUTH_FILE: "auth.json", ...more }).warnings.some((w) =>
        /clear text/.test(w),
      );
    expect(warned({})).toBe(true);
    expect(warned({ ...TLS, TLS_REQUIRED: "false" })).toBe(true);
    expect(warned(TLS)).toBe(false);
    expect(warned({ HOST: "127.0.0.1" })).toBe(false);
  });
});

describe("settings that only make sense together", () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ["a key set without an issuer", { ...JWT, AUTH_JWT_ISSUER: "" }, /^AUTH_JWT_ISSUER: must be set/],
    ["a key set without an audience", { ...JWT, AUTH_JWT_AUDIENCE: "" }, /^AUTH_JWT_AUDIENCE: must be set/],
    ["an issuer without a key set", { AUTH_JWT_ISSUER: "x" }, /^AUTH_JWT_ISSUER: .*no use/],
    [
      "a key set over clear text",
      { ...JWT, AUTH_JWT_JWKS: "http://idp.example.com/jwks" },
      /^AUTH_JWT_JWKS: /,
    ],
    ["a certificate without a key", { TLS_CERT_FILE: "a" }, /^TLS_KEY_FILE: must be set/],
    ["a key without a certificate", { TLS_KEY_FILE: "a" }, /^TLS_CERT_FILE: must be set/],
    ["an authority of clients without TLS", { TLS_CLIENT_CA_FILE: "a" }, /^TLS_CLIENT_CA_FILE: .*no use/],
    ["a burst without a rate", { BURST_PER_CALLER: "5" }, /^BURST_PER_CALLER: .*no use/],
  ])("are refused apart: %s", (_what, environment, problem) => {
    const problems = problemsOf(environment);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it("may be a key set on loopback over clear text", () => {
    expect(problemsOf({ ...JWT, AUTH_JWT_JWKS: "http://127.0.0.1:8080/jwks" })).toEqual([]);
    expect(problemsOf({ ...JWT, AUTH_JWT_JWKS: "https://idp.example.com/jwks" })).toEqual([]);
  });

  it("let a burst be as large as the rate, unless it is said", () => {
    const limits = loadConfig({ RATE_PER_CALLER: "50" }).server.limits;
    expect(limits).toMatchObject({ ratePerPrincipal: 50, burstPerPrincipal: 50 });
    expect(loadConfig({}).server.limits).not.toHaveProperty("ratePerPrincipal");
  });
});
