import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { describeFailure } from "../protocol/failures.ts";
import { value } from "../protocol/values.ts";
import type { HostileCase } from "./cases.ts";

const DEADLINE_MS = 20_000;
let names = 0;

/**
 * An attack that publishes a schema, and another one after it that has to be compared with it, has a document judged,
 * and asks what lies between the two. Resolves with each call's `ok` or reason. Its messages are written once, so that
 * the attacker has next to nothing to do and the service all the more.
 */
export function prepareAttack(
  url: string,
  { name: of, schema, document }: HostileCase,
): () => Promise<readonly string[]> {
  const { publishRelease, validateDocuments, diffReleases } = SchemaService.method;
  const calls = [
    prepareCall(url, publishRelease, { document: value(schema) }),
    prepareCall(url, validateDocuments, { documents: [value(document ?? null)] }),
    prepareCall(url, publishRelease, { document: value({ ...changed(schema), title: "2" }) }),
    prepareCall(url, diffReleases, {}),
  ];
  return async () => {
    const name = `${of.replaceAll(/[^a-z0-9]+/g, "-").replace(/^-/, "")}-${++names}`;
    const outcomes: string[] = [];
    for (const call of calls) {
      outcomes.push(await call(name));
      // What was not published can be neither judged by nor compared with.
      if (outcomes[0] !== "ok") break;
    }
    return outcomes;
  };
}

/** A little different, so that it has to be reasoned about. */
function changed(schema: HostileCase["schema"]): object {
  return { ...(schema as object), minProperties: 1 };
}

function prepareCall<Input extends DescMessage>(
  url: string,
  { input, name: method, parent }: DescMethodUnary<Input, DescMessage>,
  message: MessageInitShape<Input>,
): (name: string) => Promise<string> {
  const rest = toBinary<DescMessage>(input, create(input, message));
  const headers = { "content-type": "application/proto", "connect-timeout-ms": String(DEADLINE_MS) };
  return async (name) => {
    // Messages one after the other are read as one.
    const body = Buffer.concat([toBinary<DescMessage>(input, create<DescMessage>(input, { name })), rest]);
    const response = await fetch(`${url}/${parent.typeName}/${method}`, { method: "POST", headers, body });
    const answer = new Uint8Array(await response.arrayBuffer());
    return response.ok ? "ok" : reasonOf(answer, response.status);
  };
}

function reasonOf(answer: Uint8Array, status: number): string {
  const unreadable = new ConnectError(`answered with status ${status}`, Code.Unknown);
  const { reason, code } = describeFailure(errorFromJsonBytes(answer, undefined, unreadable));
  return reason ?? code;
}
