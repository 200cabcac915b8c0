// What the clients of a simulation call: the protocol's Objects by themselves, or a service of the domain over them.
import type { MemoryDocuments } from "../../../src/adapters/memory/documents.ts";
import type { ObjectKind, Objects } from "../../../src/consistency/objects.ts";
import type { Timing } from "../../../src/consistency/timing.ts";
import type { JsonObject } from "../../../src/json.ts";
import type { CollectionSpec, DurableStore } from "../../../src/ports/durable-store.ts";
import type { Operation, Revision } from "../../support/history/operation.ts";
import type { Chance } from "./chance.ts";

/** One call: what is known when it begins, and what makes it; never throws a ServiceError. */
export interface Call {
  readonly begun: Pick<Operation, "key" | "op"> & Partial<Operation>;
  readonly perform: (service: Service, signal?: AbortSignal) => Promise<Partial<Operation>>;
}

/** Whatever the workload opened in a process; only the workload looks into it. */
export type Service = object;

/** What one client knows of one object. */
export interface Seen {
  readonly revision: number;
  readonly etag?: string | undefined;
}

export interface Workload {
  readonly name: string;
  readonly specs: readonly CollectionSpec[];
  readonly kind: ObjectKind;
  /** The first is the hottest. */
  readonly keys: readonly [string, ...string[]];
  open(stores: {
    readonly objects: Objects;
    readonly durable: DurableStore;
    readonly timing: Timing;
  }): Service;
  read(key: string, consistency: "fast" | "strong", minRevision: number): Call;
  /** `unique`: a text that no other write has. */
  write(chance: Chance, key: string, seen: Seen, unique: string): Call;
  /** Every revision of the object, as the durable store has it. */
  final(documents: MemoryDocuments, key: string): readonly Revision[];
  /** What `final` calls the value, of a document; undefined where the document does not tell. */
  valueOf(document: JsonObject): string | undefined;
  readonly legal?: (from: string, to: string) => boolean;
}
