/** Keeps secrets out of what is printed. */

/** Settings of which nothing may be shown. */
const SECRET = /PASSWORD/;
/** Settings that may hold a password: shown only where there is telling what in them is one. */
const ADDRESS = /UR[LI]$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+]*:\/\//;
const CREDENTIALS = /^([A-Za-z][A-Za-z0-9+]*:\/\/).*@/;
const SECRET_PARAMETER = /([?&][^=&]*(?:pass|secret|token|propert)[^=&]*=)[^&]*/gi;
const SHOWN_CHARS = 100;

/** A URL without user name, password and secret parameters. Up to the last `@`, for passwords that hold one. */
export function redactUrl(url: string): string {
  return url.replace(CREDENTIALS, "$1***@").replace(SECRET_PARAMETER, "$1***");
}

/** The value of a setting as a problem may quote it. */
export function shown(name: string, value: string): string {
  const hidden = SECRET.test(name) || (ADDRESS.test(name) && !SCHEME.test(value));
  if (hidden) return "a value that is not shown";
  const safe = redactUrl(value);
  return JSON.stringify(safe.length > SHOWN_CHARS ? `${safe.slice(0, SHOWN_CHARS)}...` : safe);
}
