import { type Client, ConnectError } from "@connectrpc/connect";
import type { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import type { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { describeFailure } from "../protocol/failures.ts";
import { value } from "../protocol/values.ts";
import type { HostileCase } from "./cases.ts";

export interface Clients {
  readonly schemas: Client<typeof SchemaService>;
  readonly cache: Client<typeof CacheService>;
}

const DEADLINE = { timeoutMs: 20_000 };
let names = 0;

/**
 * Publishes a schema, and another one after it that has to be compared with it, has a document judged, and asks what
 * lies between the two. Resolves with each call's `ok` or reason.
 */
export async function attack({ schemas }: Clients, hostile: HostileCase): Promise<readonly string[]> {
  const name = `hostile-${++names}`;
  const { schema, document } = hostile;
  const calls = [
    () => schemas.publishRelease({ name, document: value(schema) }, DEADLINE),
    () => schemas.validateDocuments({ name, documents: [value(document ?? null)] }, DEADLINE),
    () => schemas.publishRelease({ name, document: value({ ...changed(schema), title: "2" }) }, DEADLINE),
    () => schemas.diffReleases({ name }, DEADLINE),
  ];
  const outcomes: string[] = [];
  for (const call of calls) {
    const outcome = await call().then(
      () => "ok",
      (error: unknown) => {
        const failure = describeFailure(ConnectError.from(error));
        return failure.reason ?? failure.code;
      },
    );
    outcomes.push(outcome);
    // What was not published can be neither judged by nor compared with.
    if (outcomes[0] !== "ok") break;
  }
  return outcomes;
}

/** A little different, so that it has to be reasoned about. */
function changed(schema: HostileCase["schema"]): object {
  return { ...(schema as object), minProperties: 1 };
}
