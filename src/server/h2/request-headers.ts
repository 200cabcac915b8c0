import type { IncomingHttpHeaders } from "node:http";
import type { Limits } from "../limits.ts";
import type { Field } from "./header-decoder.ts";

/** Objects without a prototype, which are as fast as others. */
const Bare = function (this: object): void {} as unknown as new () => IncomingHttpHeaders;
Bare.prototype = Object.create(null);

/**
 * The header of a request in which there is nothing to doubt; undefined for any other, among them those that repeat a
 * name: what to make of it is for Node to say.
 */
export function plainRequest(fields: readonly Field[], limits: Limits): IncomingHttpHeaders | undefined {
  if (fields.length > limits.maxHeaderFields) return undefined;
  const headers = new Bare();
  let bytes = 0;
  let pseudo = true;
  for (const { name, value, size, plain } of fields) {
    bytes += size;
    if (!plain || name in headers) return undefined;
    if (name.charCodeAt(0) !== 0x3a) pseudo = false;
    else if (!pseudo) return undefined;
    headers[name] = value;
  }
  if (bytes > limits.maxHeaderBytes) return undefined;
  return isRequest(headers) ? headers : undefined;
}

/** Whether a list is beyond the limits. */
export function isTooLong(fields: readonly Field[], { maxHeaderFields, maxHeaderBytes }: Limits): boolean {
  return fields.length > maxHeaderFields || fields.reduce((sum, { size }) => sum + size, 0) > maxHeaderBytes;
}

function isRequest(headers: IncomingHttpHeaders): boolean {
  const { ":scheme": scheme, ":authority": authority, host, te, "content-length": length } = headers;
  if (headers[":method"] === undefined || headers[":path"] === undefined) return false;
  if (scheme !== "http" && scheme !== "https") return false;
  if ((authority === undefined) === (host === undefined)) return false;
  if (te !== undefined && te !== "trailers") return false;
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return false;
  return true;
}
