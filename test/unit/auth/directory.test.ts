import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.ts";
import { Directory } from "../../../src/auth/directory.ts";
import { type AuthFile, AuthFileError, parseAuthFile } from "../../../src/auth/file.ts";
import { newToken } from "../../../src/auth/secret.ts";

const made = newToken(randomBytes);
const record = {
  id: made.id,
  name: "importer",
  sha256: made.sha256,
  scopes: ["task:read"],
  created: "2026-01-01T00:00:00Z",
  expires: "2026-01-02T00:00:00Z",
};
const certificates = [
  { name: "worker", subject: "CN=worker,O=Example", scopes: ["task:write"] },
  { name: "spiffe", alternativeName: "URI:spiffe://example.com/a", scopes: ["cache:read"] },
];

function setup(file: AuthFile = { tokens: [record], certificates }) {
  let now = Date.parse("2026-01-01T12:00:00Z");
  const directory = new Directory(() => now);
  directory.replace(file);
  const authenticate = createAuthenticate(directory, undefined);
  const idOf = async (
    authorization: string | undefined,
    certificate?: Parameters<typeof authenticate>[0]["certificate"],
  ) => {
    const outcome = await authenticate({ authorization, certificate });
    return "principal" in outcome ? outcome.principal.id : `refused: ${outcome.refused}`;
  };
  return { directory, authenticate, idOf, at: (time: string) => (now = Date.parse(time)) };
}

describe("a token", () => {
  it("is taken from the authorization header, in the letters that HTTP allows", async () => {
    const { idOf } = setup();
    expect(await idOf(`Bearer ${made.token}`)).toBe("token:importer");
    expect(await idOf(`bearer  ${made.token} `)).toBe("token:importer");
  });

  it("is refused when it is wrong, cut, padded, of another scheme or not there", async () => {
    const { idOf } = setup();
    const other = newToken(randomBytes).token;
    const swapped = `dbc_${made.id}_${other.slice(-43)}`;
    const wrong = [
      other,
      swapped,
      made.token.slice(0, -1),
      `${made.token}A`,
      made.token.toUpperCase(),
      "",
      "dbc__",
      "e30.e30.e30",
    ];
    for (const token of wrong) expect(await idOf(`Bearer ${token}`)).toMatch(/^refused/);
    for (const header of [
      made.token,
      `Basic ${made.token}`,
      `Bearer ${made.token}, Bearer ${made.token}`,
      "",
    ]) {
      expect(await idOf(header)).toMatch(/^refused/);
    }
    expect(await idOf(undefined)).toMatch(/needs a bearer token/);
  });

  it("is good until it expires, and a stream that it opened notices", async () => {
    const { authenticate, idOf, at } = setup();
    const outcome = await authenticate({ authorization: `Bearer ${made.token}`, certificate: undefined });
    const current = () => "principal" in outcome && outcome.principal.isCurrent();
    expect(current()).toBe(true);
    at("2026-01-02T00:00:00Z");
    expect(await idOf(`Bearer ${made.token}`)).toMatch(/^refused/);
    expect(current()).toBe(false);
  });

  it("ends with its record, or with a change of its scopes", async () => {
    for (const tokens of [[], [{ ...record, scopes: ["task:admin"] }]]) {
      const { authenticate, directory } = setup();
      const outcome = await authenticate({ authorization: `Bearer ${made.token}`, certificate: undefined });
      directory.replace({ tokens, certificates });
      expect("principal" in outcome && outcome.principal.isCurrent()).toBe(false);
    }
  });
});

describe("a certificate", () => {
  const worker = { subject: "CN=worker,O=Example", alternativeNames: [] };

  it("is known by its subject or by one of its alternative names", async () => {
    const { idOf } = setup();
    expect(await idOf(undefined, worker)).toBe("certificate:worker");
    const alternativeNames = ["DNS:a.example.com", "URI:spiffe://example.com/a"];
    expect(await idOf(undefined, { subject: "", alternativeNames })).toBe("certificate:spiffe");
    expect(await idOf(undefined, { subject: "CN=other", alternativeNames: ["CN=worker,O=Example"] })).toMatch(
      /^refused/,
    );
  });

  it("does not make a refused token good", async () => {
    expect(await setup().idOf("Bearer nonsense", worker)).toMatch(/^refused/);
  });
});

describe("the file of tokens", () => {
  it.each([
    ["no JSON", "{", /is no JSON/],
    ["a list", "[]", /must be an object/],
    ["an unknown field", '{"token": []}', /nothing else/],
    [
      "a plain secret",
      JSON.stringify({ tokens: [{ ...record, token: made.token }] }),
      /tokens\[0\] may have/,
    ],
    ["a short hash", JSON.stringify({ tokens: [{ ...record, sha256: "abc" }] }), /tokens\[0\]\.sha256/],
    ["no scope", JSON.stringify({ tokens: [{ ...record, scopes: [] }] }), /tokens\[0\]\.scopes/],
    [
      "a wrong scope",
      JSON.stringify({ tokens: [{ ...record, scopes: ["task:all"] }] }),
      /tokens\[0\]\.scopes\[0\]/,
    ],
    ["a wrong time", JSON.stringify({ tokens: [{ ...record, expires: "soon" }] }), /tokens\[0\]\.expires/],
    ["two of one id", JSON.stringify({ tokens: [record, record] }), /the same id/],
    [
      "a nobody",
      JSON.stringify({ certificates: [{ name: "x", scopes: ["task:read"] }] }),
      /either a subject/,
    ],
  ])("is refused with %s, and the message holds no secret", (_what, text, message) => {
    let error: unknown;
    try {
      parseAuthFile(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(AuthFileError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain(made.token);
  });

  it("holds no token that it makes", () => {
    expect(JSON.stringify(record)).not.toContain(made.token.slice(-43));
  });
});
