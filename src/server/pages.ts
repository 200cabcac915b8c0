import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

/** Files that the port serves to browsers, beside the calls. */
export interface Pages {
  /** Path under which they are, such as `/console`. */
  readonly prefix: string;
  /** Folder that holds them, with an index.html. */
  readonly root: string;
}

/**
 * What a page from here may do: load its own scripts and styles, and call this port. Nothing inline, no other host, and
 * no place in somebody else's frame.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Serves the files to everybody: they hold no data, and what they call asks for a token where one is needed. */
export async function addPages(app: FastifyInstance, { prefix, root }: Pages): Promise<void> {
  await app.register(fastifyStatic, {
    root,
    prefix,
    redirect: true,
    // Every answer of the port says how long it may be kept.
    cacheControl: false,
    setHeaders: (reply) => {
      reply.header("content-security-policy", CONTENT_SECURITY_POLICY);
      reply.header("referrer-policy", "no-referrer");
      reply.header("cross-origin-opener-policy", "same-origin");
    },
  });
}
