import type { Interceptor } from "@connectrpc/connect";

/** A bearer token, or what answers one: asked before every attempt, so that it may be renewed. */
export type Token = string | (() => string | Promise<string>);

export function authorize(token: Token | undefined): Interceptor[] {
  if (token === undefined) return [];
  return [
    (next) => async (request) => {
      const text = typeof token === "string" ? token : await token();
      request.header.set("authorization", `Bearer ${text}`);
      return next(request);
    },
  ];
}
