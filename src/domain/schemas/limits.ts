/** What the contract grants, and no more. */

/** Of a release's document, as compact JSON. */
export const DOCUMENT_BYTES = 512 * 1024;
/** Values inside a document: each may become code, and all are read while other calls wait. */
export const DOCUMENT_VALUES = 20_000;
export const MAX_RELEASES = 10_000;
export const NOTE_CHARS = 1024;
export const ACTOR_CHARS = 128;
export const DESCRIPTION_CHARS = 4096;
export const MAX_LABELS = 64;
export const LABEL_CHARS = 128;
/** Documents of one ValidateDocuments, and the size of each as compact JSON: as much as a request can carry. */
export const MAX_VALIDATED = 100;
export const VALIDATED_BYTES = 4 * 1024 * 1024;

/** Schemas, or parts of them, of one ImportSchemas. */
export const MAX_IMPORTED = 100;

/** Schemas that one page of a list may look at for their labels before it ends short. */
export const LABEL_SCAN_PAGE = 2_000;
/** Schemas that are looked at to count those with the labels asked for; more names must be narrowed first. */
export const LABEL_SCAN_COUNT = 10_000;
/** Bodies that a list reads in one go, by their size and their number. */
export const BODY_READ_BYTES = 1024 * 1024;
export const BODY_READS = 200;
