/** The gateway in Go, built once for each state of its source into the cache folder. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../../scripts/stores/find.ts";
import { runTool } from "../loads/tool.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE = join(ROOT, "bench/go-gateway");
const FILES = ["main.go", "go.mod", "go.sum"];
const PLUGINS = {
  "protoc-gen-go": "google.golang.org/protobuf/cmd/protoc-gen-go",
  "protoc-gen-go-grpc": "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
};
const PACKAGE = "gateway/dbconnv1";

/** The path of the program. Rejects where it cannot be built, with the reason. */
export async function buildGoGateway(say: (text: string) => void): Promise<string> {
  const hash = createHash("sha256");
  for (const file of FILES) hash.update(readFileSync(join(SOURCE, file)));
  for (const file of ["cache.proto", "common.proto"])
    hash.update(readFileSync(join(ROOT, "proto/dbconn/v1", file)));
  const built = join(cacheFolder(), `go-gateway-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(built)) return built;
  say("building the gateway in Go: a minute or two, once");
  const folder = await mkdtemp(join(tmpdir(), "dbconn-gateway-"));
  try {
    for (const file of FILES) copyFileSync(join(SOURCE, file), join(folder, file));
    const go = (...args: readonly string[]) => runTool("go", ["-C", folder, "build", "-o", ...args]);
    for (const [name, source] of Object.entries(PLUGINS)) await go(name, source);
    await runTool(join(ROOT, "node_modules/.bin/buf"), [
      ...["generate", join(ROOT, "proto"), "--template", template(folder), "-o", folder],
      ...[
        "--path",
        join(ROOT, "proto/dbconn/v1/cache.proto"),
        "--path",
        join(ROOT, "proto/dbconn/v1/common.proto"),
      ],
    ]);
    await go("server", ".");
    mkdirSync(cacheFolder(), { recursive: true });
    copyFileSync(join(folder, "server"), `${built}.${process.pid}`);
    renameSync(`${built}.${process.pid}`, built);
    return built;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function template(folder: string): string {
  return JSON.stringify({
    version: "v2",
    managed: { enabled: true, override: [{ file_option: "go_package", value: `${PACKAGE};dbconnv1` }] },
    plugins: Object.keys(PLUGINS).map((name) => ({
      local: join(folder, name),
      out: ".",
      opt: ["module=gateway"],
    })),
  });
}
