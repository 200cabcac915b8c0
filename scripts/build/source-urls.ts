/** Keeps what the sources find beside themselves findable from dist/, where all modules lie in one folder. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Plugin } from "rolldown";

const BESIDE = /new URL\("(\.[^"]+)", import\.meta\.url\)/g;

/**
 * `new URL("./x.ts", import.meta.url)`, which a thread starts with, becomes a module of its own; a folder in src/ is
 * copied; what lies elsewhere in the project stays there. Fails for every other use of a module's own address.
 */
export function sourceUrls(root: string): Plugin {
  const source = join(root, "src/");
  return {
    name: "source-urls",
    transform: {
      filter: { id: /\/src\/.*\.ts$/, code: /import\.meta/ },
      handler(code, id) {
        if (!id.startsWith(source)) return;
        if (code.replaceAll(BESIDE, "").includes("import.meta")) {
          throw new Error(`${id}: a file beside it has to be named as new URL("./file", import.meta.url)`);
        }
        const moved = code.replaceAll(BESIDE, (_, path: string) => {
          const file = resolve(dirname(id), path);
          if (file.endsWith(".ts")) {
            const thread = this.emitFile({ type: "chunk", id: file, name: basename(file, ".ts") });
            return `new URL(import.meta.ROLLUP_FILE_URL_${thread})`;
          }
          if (!file.startsWith(source)) {
            return `new URL("../${relative(root, file)}/", import.meta.url)`;
          }
          const folder = basename(file);
          for (const name of readdirSync(file)) {
            this.emitFile({
              type: "asset",
              fileName: `${folder}/${name}`,
              source: readFileSync(join(file, name)),
            });
          }
          return `new URL("./${folder}/", import.meta.url)`;
        });
        return { code: moved, map: null };
      },
    },
  };
}
