import { SchemaEventTypeSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { bounded, schemasApi } from "../api/clients.ts";
import { usePages } from "../api/use-pages.ts";
import { time, words } from "../ui/format.ts";
import { Failure, More, Table } from "../ui/parts.tsx";

const PAGE_SIZE = 100;

export function AuditTrail({ name }: { readonly name: string }) {
  const { items, failure, next } = usePages(
    async (pageToken, signal) => {
      const page = await schemasApi.listSchemaEvents(
        { name, pageSize: PAGE_SIZE, pageToken },
        bounded(signal),
      );
      return { items: page.events, nextPageToken: page.nextPageToken };
    },
    [name],
  );
  return (
    <>
      <Failure text={failure} />
      <Table label="Audit trail" head={["Time", "What", "Release", "Active after", "Who", "Note"]}>
        {items.map((event) => (
          <tr key={`${event.revision} ${event.type} ${event.release}`}>
            <td>{time(event.time)}</td>
            <td>{words(SchemaEventTypeSchema, event.type)}</td>
            <td>{event.release || ""}</td>
            <td>{event.activeRelease || ""}</td>
            <td>{event.actor}</td>
            <td>{event.note}</td>
          </tr>
        ))}
      </Table>
      <More next={next} />
    </>
  );
}
