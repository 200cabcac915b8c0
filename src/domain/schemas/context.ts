import type { Objects } from "../../consistency/objects.ts";
import type { DocumentValidator } from "../../ports/document-validator.ts";
import type { DurableStore } from "../../ports/durable-store.ts";
import type { SchemaComparer } from "../../ports/schema-comparer.ts";
import type { Clock, Ids } from "../clock.ts";
import type { Bodies } from "./bodies.ts";

/** What the schemas' operations work with. */
export interface SchemaContext {
  /** Over `schemaObjects`. */
  readonly objects: Objects;
  /** The same collections, for lists. */
  readonly store: DurableStore;
  /** Over the same store. */
  readonly bodies: Bodies;
  readonly validator: DocumentValidator;
  readonly comparer: SchemaComparer;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Milliseconds from the soft deletion of a schema to its purge; absent = only PurgeSchema purges. */
  readonly deletedRetentionMs?: number;
}

/** Asked for each item in turn: a page ends before the first that it refuses. */
export type Admit<Item> = (item: Item) => boolean;
