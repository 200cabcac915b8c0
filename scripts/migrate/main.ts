// npm run migrate: brings schemas and tasks of the service that this one replaces along.
import { parseArgs } from "node:util";
import { ConfigError } from "../../src/config.ts";
import { migrate } from "./migrate.ts";
import { Report } from "./report.ts";
import { openMongoSource } from "./source-mongo.ts";
import { openRedisSource } from "./source-redis.ts";
import { openTarget, readSettings } from "./target.ts";

const HELP = `Copies the schemas and tasks of the service that this one replaces into this one's stores.

  npm run migrate -- --from-mongo mongodb://HOST:PORT/DATABASE --from-redis redis://HOST:PORT/DB [options]

  --from-mongo URI    MongoDB of the original; the URI names its database
  --from-redis URL    Redis of the original
                      One of the two is enough, but a task that is in both is taken from both.
  --dry-run           reads and checks everything, and writes nothing
  --mongo-schemas-collection NAME, --mongo-tasks-collection NAME
                      read these collections; without them, all that hold documents of the original's shapes
  --help

The stores to write to are those of the service's own settings (.env or environment, see .env.example). Their database
must be another than the original's, which is only read. It can be run again: what is there already stays as it is.
Entries of the cache are not copied. docs/migration.md has more.

Exit code: 0 when everything was copied, 1 when the report names something that was not, 2 when it could not run.
`;

interface Options {
  readonly mongo: string | undefined;
  readonly redis: string | undefined;
  readonly dryRun: boolean;
  readonly collections: readonly string[];
}

function readOptions(): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      "from-mongo": text,
      "from-redis": text,
      "mongo-schemas-collection": text,
      "mongo-tasks-collection": text,
      "dry-run": flag,
      help: flag,
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const { "from-mongo": mongo, "from-redis": redis } = values;
  if (mongo === undefined && redis === undefined)
    throw new Error("--from-mongo or --from-redis must be given");
  if (mongo !== undefined && !/^mongodb(\+srv)?:\/\/[^/]+\/[^/?]+/.test(mongo)) {
    throw new Error("--from-mongo must name the database: mongodb://HOST:PORT/DATABASE");
  }
  const collections = [values["mongo-schemas-collection"], values["mongo-tasks-collection"]];
  return {
    mongo,
    redis,
    dryRun: values["dry-run"],
    collections: collections.filter((name) => name !== undefined),
  };
}

/** Answers the exit code. */
async function run({ mongo: uri, redis: url, dryRun, collections }: Options): Promise<number> {
  const config = readSettings();
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const closing: (() => Promise<void>)[] = [];
  try {
    const mongo = uri === undefined ? undefined : await openMongoSource(uri, collections);
    if (mongo !== undefined) closing.push(mongo.close);
    const own = config.durable.mongodb;
    if (
      own !== undefined &&
      uri !== undefined &&
      own.database === mongo?.database &&
      hostsOf(own.uri) === hostsOf(uri)
    ) {
      throw new Error(`MONGODB_DATABASE is the original's (${own.database}); set it to another name`);
    }
    const redis = url === undefined ? undefined : await openRedisSource(url);
    if (redis !== undefined) closing.push(redis.close);
    const target = await openTarget(config);
    closing.push(target.close);
    say(`writing to ${target.where}${dryRun ? " (not really: --dry-run)" : ""}`);
    const report = new Report(say);
    try {
      await migrate({ mongo, redis, target, report, dryRun });
    } finally {
      // Also of a run that broke off: what it did stays done.
      for (const line of report.lines(dryRun)) process.stdout.write(`${line}\n`);
    }
    return report.problems === 0 ? 0 : 1;
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

function hostsOf(uri: string): string | undefined {
  return /^[^/]*\/\/(?:[^/]*@)?([^/?]*)/.exec(uri)?.[1];
}

try {
  process.exitCode = await run(readOptions());
} catch (error) {
  const lines =
    error instanceof ConfigError ? error.lines : [error instanceof Error ? error.message : String(error)];
  for (const line of lines) process.stderr.write(`migrate: ${line}\n`);
  process.exitCode = 2;
}
