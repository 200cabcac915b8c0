// What the service shows of a schema when nobody writes any more: its trail, its head and its releases.
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { Consistency, View } from "../../../gen/dbconn/v1/common_pb.ts";
import {
  type SchemaEvent,
  SchemaEventType,
  type SchemaRelease,
  type SchemaService,
} from "../../../gen/dbconn/v1/schema_pb.ts";
import type { FinalSchema, TrailEvent, TrailEventType } from "../history/schemas/operation.ts";
import { shownRelease, shownSchema } from "./recorder.ts";

const PAGE = 200;
const OPTIONS = { timeoutMs: 10_000 };

export async function readFinalSchema(
  schemas: Client<typeof SchemaService>,
  name: string,
): Promise<FinalSchema> {
  const schema = await schemas
    .getSchema({ name, consistency: Consistency.STRONG }, OPTIONS)
    .then(({ schema: found }) => found, absent);
  const events = await allPages<SchemaEvent>(async (pageToken) => {
    const page = await schemas.listSchemaEvents({ name, pageSize: PAGE, pageToken }, OPTIONS).catch(absent);
    return { items: page?.events ?? [], next: page?.nextPageToken ?? "" };
  });
  const isShown = schema !== undefined && schema.deleteTime === undefined;
  const releases = await allPages<SchemaRelease>(async (pageToken) => {
    if (!isShown) return { items: [], next: "" };
    const page = await schemas.listReleases({ name, pageSize: PAGE, pageToken, view: View.FULL }, OPTIONS);
    return { items: page.releases, next: page.nextPageToken };
  });
  return {
    name,
    events: events.map(trailEvent),
    schema: schema && { ...shownSchema(schema), deleted: schema.deleteTime !== undefined },
    releases: isShown ? releases.map(shownRelease) : undefined,
  };
}

function absent(error: unknown): undefined {
  if (ConnectError.from(error).code !== Code.NotFound) throw error;
  return undefined;
}

async function allPages<T>(
  read: (pageToken: string) => Promise<{ readonly items: readonly T[]; readonly next: string }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let pageToken = "";
  do {
    const { items, next } = await read(pageToken);
    all.push(...items);
    pageToken = next;
  } while (pageToken !== "");
  return all;
}

const TYPES: Readonly<Partial<Record<SchemaEventType, TrailEventType>>> = {
  [SchemaEventType.PUBLISHED]: "PUBLISHED",
  [SchemaEventType.REVERTED]: "REVERTED",
  [SchemaEventType.RELEASE_DELETED]: "RELEASE_DELETED",
  [SchemaEventType.UPDATED]: "UPDATED",
  [SchemaEventType.DELETED]: "DELETED",
  [SchemaEventType.RESTORED]: "RESTORED",
  [SchemaEventType.PURGED]: "PURGED",
};

function trailEvent(event: SchemaEvent): TrailEvent {
  const type = TYPES[event.type];
  if (type === undefined) throw new Error(`no client makes events of type ${event.type}`);
  const { actor, note, requestId, release, activeRelease: active } = event;
  return { type, revision: Number(event.revision), actor, note, requestId, release, active };
}
