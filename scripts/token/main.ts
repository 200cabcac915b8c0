// npm run token: makes, lists and revokes the bearer tokens of the file that AUTH_FILE names.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse as parseDotenv } from "dotenv";
import { SCOPE_FORM } from "../../src/auth/grants.ts";
import { addToken, describeTokens, revokeTokens, TokenError } from "./tokens.ts";

const HELP = `Makes, lists and revokes bearer tokens. The file holds hashes only; a token is shown once, when it is made.
A running service takes a changed file by itself, within seconds.

  npm run token -- add NAME --scope SCOPE [--scope SCOPE ...] [--expires 90d]
  npm run token -- list
  npm run token -- revoke NAME_OR_ID

  --scope    ${SCOPE_FORM.replaceAll(";", ";\n             ")}
  --expires  how long it is good for, such as 12h or 90d; without it, until it is revoked
  --file     the file; without it the setting AUTH_FILE, of the environment or .env

Of two tokens with one NAME both are good, so that clients can change from one to the other. revoke NAME revokes all.

  npm run token -- add importer --scope task:write:import-* --scope schema:read --expires 90d
`;

function main(args: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      scope: { type: "string", multiple: true, default: [] },
      expires: { type: "string" },
      file: { type: "string" },
    },
  });
  const [command, name, ...more] = positionals;
  if (values.help === true) return void process.stdout.write(HELP);
  const file = values.file ?? settingOfFile();
  if (file === undefined) throw new TokenError("say which file: --file FILE, or set AUTH_FILE");
  if (more.length > 0) throw new TokenError(`what is "${more[0]}" for? A NAME is one word, or quoted`);
  if (command === "list" && name === undefined) {
    process.stdout.write(describeTokens(file, Date.now()));
  } else if (command === "add" && name !== undefined) {
    const { expires, scope } = values;
    const input = { name, scopes: scope, ...(expires === undefined ? {} : { expires }) };
    const { id, token } = addToken(file, input, Date.now(), randomBytes);
    process.stderr.write(`${file}: added ${id} for ${name}. The token, which cannot be shown again:\n`);
    process.stdout.write(`${token}\n`);
  } else if (command === "revoke" && name !== undefined) {
    for (const id of revokeTokens(file, name)) process.stdout.write(`revoked ${id}\n`);
  } else {
    throw new TokenError("say what to do: add NAME --scope SCOPE, list, or revoke NAME_OR_ID");
  }
}

function settingOfFile(): string | undefined {
  const dotenv = existsSync(".env") ? parseDotenv(readFileSync(".env", "utf8")) : {};
  return process.env.AUTH_FILE || dotenv.AUTH_FILE || undefined;
}

try {
  main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\nnpm run token -- --help explains.\n`);
  process.exitCode = 2;
}
