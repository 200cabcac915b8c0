import { constants, type ServerHttp2Session } from "node:http2";
import { NOTICE_MS } from "./h2/farewell.ts";
import { ANY_STREAM } from "./h2/frames.ts";
import type { Limits } from "./limits.ts";
import { ignorePeerError } from "./raw.ts";

/** Gives streams the listener without which a peer's reset ends the process; Node's server has its own for the session. */
export function guardStreams(session: ServerHttp2Session): void {
  session.on("stream", (stream) => stream.on("error", ignorePeerError));
}

/**
 * Guards the streams, and gives the session its idle and age limits. Node has none: an idle session would be held for
 * ever.
 */
export function guardSession(session: ServerHttp2Session, limits: Limits): void {
  let open = 0;
  const closeIdle = (): void => session.close();
  let idle = setTimeout(closeIdle, limits.idleMs);
  let age = setTimeout(() => closeGracefully(session), limits.maxAgeMs);

  guardStreams(session);
  session.on("stream", (stream) => {
    clearTimeout(idle);
    open += 1;
    stream.once("close", () => {
      open -= 1;
      if (open === 0 && !session.closed) idle = setTimeout(closeIdle, limits.idleMs);
    });
  });
  // A peer that says goodbye and then breaks the protocol would hold its connection for ever: Node reads no more of it,
  // and waits for what is open.
  session.once("goaway", () => {
    clearTimeout(age);
    age = setTimeout(() => session.destroy(), limits.maxAgeMs);
  });
  session.once("close", () => {
    clearTimeout(idle);
    clearTimeout(age);
  });
}

/**
 * Asks the peer to go: a first GOAWAY as a notice, and a second one with the last stream taken once the peer
 * has seen the first, so that no call that was under way is lost. Open calls go on; the session ends after
 * the last of them.
 */
export function closeGracefully(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  const close = (): void => {
    clearTimeout(timer);
    if (!session.destroyed) session.close();
  };
  const timer = setTimeout(close, NOTICE_MS);
  session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
  session.once("close", () => clearTimeout(timer));
  session.ping(close);
}
