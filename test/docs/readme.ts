// The examples of README.md, as they stand there.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = readFileSync(`${ROOT}/README.md`, "utf8");
/** What the examples call; a test puts the port of its own server there. */
const ADDRESS = "127.0.0.1:50050";

/** The fenced block with this info string, for a server at another address. Throws when there is not exactly one. */
export function example(info: string, address: string): string {
  const blocks = [...README.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].filter(([, tag]) => tag === info);
  const [block] = blocks;
  if (block === undefined || blocks.length !== 1)
    throw new Error(`README.md has ${blocks.length} blocks "${info}"`);
  return (block[2] ?? "").replaceAll(ADDRESS, address);
}
