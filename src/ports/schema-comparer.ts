/**
 * Says how one JSON Schema relates to another. Both come from strangers and the question has no cheap answer, so it is
 * bounded in time and memory and runs where it cannot hold up other calls.
 *
 * Errors: as of `DocumentValidator`. Pairs that are too complex for the reasoning, but not for the limits, are
 * `unknown`.
 */
import type { Json } from "../json.ts";
import type { SchemaText } from "./document-validator.ts";

/** How a newer schema relates to an older one; see the contract. */
export type ChangeClass =
  | "IDENTICAL"
  | "ANNOTATION_ONLY"
  | "BACKWARD"
  | "FORWARD"
  | "FULL"
  | "BREAKING"
  | "UNKNOWN";

/** Why it could not be shown that one schema accepts all that another accepts. */
export interface Obstacle {
  /** JSON Pointer to the keyword in the way, in the document that is to accept. */
  readonly pointer: string;
  /** Empty where it is a schema `false`. */
  readonly keyword: string;
  readonly reason: string;
  /** Whether it is a refutation where the place can be reached at all; else the judgement is just not up to it. */
  readonly sure: boolean;
}

export type Verdict =
  /** Everything that the one accepts is accepted by the other. */
  | { readonly kind: "included" }
  /** A document shows that it is not. */
  | { readonly kind: "refuted"; readonly obstacle: Obstacle }
  | { readonly kind: "unknown"; readonly obstacle: Obstacle };

export interface Judgement {
  readonly class: ChangeClass;
  /** Whether the newer accepts all that the older accepts. */
  readonly backward: Verdict;
  /** Whether the older accepts all that the newer accepts. */
  readonly forward: Verdict;
}

/** Of what it has to be known whether it is included; documents are tried only where that is open. */
export interface Wanted {
  readonly backward: boolean;
  readonly forward: boolean;
}

/** One operation of a JSON Patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string };

export interface Change {
  readonly class: ChangeClass;
  /** JSON Pointer to the keyword in the newer document; in the older one for what was removed. */
  readonly pointer: string;
  /** Empty where a schema as a whole became true or false, or ceased to be so. */
  readonly keyword: string;
  readonly reason: string;
  /** Accepted by one of the two and refused by the other because of this change; both were tried. */
  readonly counterExample?: Json;
}

export interface Explanation {
  /** Of the whole. */
  readonly class: ChangeClass;
  readonly changes: readonly Change[];
  /** Accepted by the older and refused by the newer; undefined where none was found. */
  readonly acceptedByOlderOnly: Json | undefined;
  readonly acceptedByNewerOnly: Json | undefined;
  /** Makes the newer document out of the older. */
  readonly patch: readonly PatchOperation[];
}

/** Of schemas that `DocumentValidator.check` found nothing wrong with. */
export interface SchemaComparer {
  judge(older: SchemaText, newer: SchemaText, wanted: Wanted, signal?: AbortSignal): Promise<Judgement>;

  /** Each change with its class, and documents that show it. */
  explain(older: SchemaText, newer: SchemaText, signal?: AbortSignal): Promise<Explanation>;
}
