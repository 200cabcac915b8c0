// npm run generate:conformance: the suite's contract as TypeScript, from the .proto files of the version that is pinned.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const MODULE = "connectrpc.com/conformance";
const FILES = ["config", "server_compat", "service"];

if (process.argv.length > 2) {
  console.log(`Usage: npm run generate:conformance

Generates test/conformance/gen from the .proto files of ${MODULE}, at the version in scripts/tools.env.
Needs go and the Go module proxy.`);
  process.exit(process.argv[2] === "--help" ? 0 : 2);
}

const { CONNECT_CONFORMANCE_VERSION: version } = parseEnv(
  readFileSync(new URL("../../scripts/tools.env", import.meta.url), "utf8"),
);
const downloaded = spawnSync("go", ["mod", "download", "-json", `${MODULE}@${version}`], {
  stdio: ["ignore", "pipe", "inherit"],
  encoding: "utf8",
});
if (downloaded.status !== 0) {
  console.error(
    `go could not download ${MODULE} ${version}; is the Go module proxy reachable? (go env GOPROXY)`,
  );
  process.exit(1);
}
const { Dir: folder } = JSON.parse(downloaded.stdout) as { Dir: string };
const protos = join(folder, "proto");
const paths = FILES.flatMap((name) => ["--path", join(protos, "connectrpc/conformance/v1", `${name}.proto`)]);
const { status } = spawnSync(
  "buf",
  ["generate", protos, "--template", `${HERE}buf.gen.yaml`, ...paths, "-o", HERE],
  {
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
