// npm run build:console, and `npm ci` by itself: makes console/dist, which the service serves at /console.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HELP = `Builds the console into console/dist, where the service looks for it.

  npm run build:console

Without vite, as after npm ci --omit=dev, it builds nothing and says so: the service then runs without a console, or
with a console/dist that was built elsewhere.
`;
const CONFIG = fileURLToPath(new URL("../console/vite.config.ts", import.meta.url));

if (parseArgs({ options: { help: { type: "boolean" } } }).values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const vite = await import("vite").catch((error: NodeJS.ErrnoException) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  process.stdout.write("vite is not installed, so the console is not built\n");
  return undefined;
});
await vite?.build({ configFile: CONFIG, logLevel: "warn" });
