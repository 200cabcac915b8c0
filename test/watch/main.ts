// npm run test:watch
import { parseArgs } from "node:util";
import { beginCommand } from "../support/command.ts";
import { type Report, run } from "./run.ts";
import type { Setup } from "./world.ts";

const HELP = `Watches tasks of real server processes while others write to them, cuts the watchers off again and again
(their client cancels, their connection is reset, their instance is killed, Redis is killed), and checks that they
saw every final state, no revision going back, and of one task every revision. Exits with 1 when they did not.

  npm run test:watch -- [--updates N] [--cuts N] [--stores shared|sqlite]

  --updates  how many revisions are written; 10000 by default
  --cuts     how often the watchers are cut off; 100 by default
  --stores   shared: two instances on Redis and FerretDB (default); sqlite: one instance on its own SQLite

Needs redis-server and FerretDB for shared; scripts/install-tools.sh installs them.
`;

function options() {
  const { values } = parseArgs({
    options: {
      updates: { type: "string", default: "10000" },
      cuts: { type: "string", default: "100" },
      stores: { type: "string", default: "shared" },
      help: { type: "boolean" },
    },
  });
  const [updates, cuts] = [Number(values.updates), Number(values.cuts)];
  if (!Number.isInteger(updates) || !Number.isInteger(cuts) || cuts < 1 || updates < cuts)
    return "--cuts takes a whole number above 0, --updates one that is not below it";
  if (values.stores !== "shared" && values.stores !== "sqlite") return "--stores takes shared or sqlite";
  const setup: Setup = values.stores;
  return { updates, cuts, setup, help: values.help };
}

function print(report: Report): void {
  const { cuts, followers, revisions, seconds, violations } = report;
  const kinds = Object.entries(cuts).map(([kind, count]) => `${count} ${kind}`);
  process.stdout.write(
    `${revisions} revisions in ${seconds.toFixed(0)} s; cuts: ${kinds.join(", ")}; ${violations.length} violations\n`,
  );
  for (const { name, cuts: ends, told, reasons } of followers) {
    const why = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(", ");
    process.stdout.write(
      `  watcher of ${name}: ${told} events over ${ends} streams that were cut off (${why})\n`,
    );
  }
  for (const { invariant, name, key, message } of violations.slice(0, 20))
    process.stdout.write(`  ${invariant} ${name} ${key}: ${message}\n`);
}

const { options: asked } = beginCommand(HELP, options);
const report = await run({ ...asked, progress: (text) => process.stderr.write(`${text}\n`) });
print(report);
if (report.violations.length > 0 || report.revisions !== report.written) process.exitCode = 1;
