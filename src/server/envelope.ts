/** What messages travel in. */
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";

/** Flags and length before an enveloped message. */
export const HEAD_BYTES = 5;
/** The flag of a message that is compressed. */
export const COMPRESSED = 1;
/** Those that requests and answers may have, the preferred one first. */
export const COMPRESSIONS = [compressionGzip, compressionBrotli];
