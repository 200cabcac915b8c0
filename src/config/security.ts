/** Who may call, and over what: settings that only make sense together. */
import { shown } from "./redact.ts";
import type { Report, Values } from "./stores.ts";

/** Undefined parts are off; with both off everybody may do everything. */
export function authentication(values: Values) {
  const { AUTH_JWT_JWKS: keys, AUTH_JWT_ISSUER: issuer = "", AUTH_JWT_AUDIENCE: audience = "" } = values;
  return {
    file: values.AUTH_FILE,
    jwt: keys === undefined ? undefined : { keys, issuer, audience, scopeClaim: values.AUTH_JWT_SCOPE_CLAIM },
  };
}

/** Undefined: clear text only. */
export function tls(values: Values) {
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = values;
  if (cert === undefined || key === undefined) return undefined;
  return {
    cert,
    key,
    /** Whether clear text is turned away. */
    required: values.TLS_REQUIRED,
    /** Undefined: no certificate of clients is asked for. */
    clientCa: values.TLS_CLIENT_CA_FILE,
    clientCert: values.TLS_CLIENT_CERT,
  };
}

/** Only what is set: the others have no limit of their own. */
export function callerLimits(values: Values) {
  const {
    MAX_IN_FLIGHT_PER_CALLER: inFlight,
    RATE_PER_CALLER: rate,
    BURST_PER_CALLER: burst = rate,
  } = values;
  return {
    ...(inFlight === undefined ? {} : { maxInFlightPerPrincipal: inFlight }),
    ...(rate === undefined ? {} : { ratePerPrincipal: rate }),
    ...(rate === undefined || burst === undefined ? {} : { burstPerPrincipal: burst }),
  };
}

export function checkSecurity(values: Values, report: Report): void {
  const { file, jwt } = authentication(values);
  const authenticated = file !== undefined || jwt !== undefined;
  if (!isLoopback(values.HOST) && !values.ALLOW_INSECURE && !authenticated) {
    report(
      "HOST",
      `got ${shown("HOST", values.HOST)}, which others can reach, and there is no authentication; set AUTH_FILE ` +
        "or AUTH_JWT_JWKS, or HOST=127.0.0.1, or ALLOW_INSECURE=true where something else keeps strangers out",
    );
  }
  for (const name of ["AUTH_JWT_ISSUER", "AUTH_JWT_AUDIENCE"] as const) {
    if (jwt !== undefined && values[name] === undefined) {
      report(name, "must be set with AUTH_JWT_JWKS, or tokens that are meant for others would do");
    } else if (jwt === undefined && values[name] !== undefined) {
      report(name, "is of no use without AUTH_JWT_JWKS");
    }
  }
  if ((values.TLS_CERT_FILE === undefined) !== (values.TLS_KEY_FILE === undefined)) {
    report(values.TLS_KEY_FILE === undefined ? "TLS_KEY_FILE" : "TLS_CERT_FILE", "must be set as well");
  }
  if (values.TLS_CLIENT_CA_FILE !== undefined && values.TLS_CERT_FILE === undefined) {
    report("TLS_CLIENT_CA_FILE", "is of no use without TLS_CERT_FILE");
  }
  if (values.BURST_PER_CALLER !== undefined && values.RATE_PER_CALLER === undefined) {
    report("BURST_PER_CALLER", "is of no use without RATE_PER_CALLER");
  }
}

export function securityWarnings(values: Values): readonly string[] {
  const clear = values.TLS_CERT_FILE === undefined || !values.TLS_REQUIRED;
  if (isLoopback(values.HOST) || !clear || values.ALLOW_INSECURE) return [];
  return [
    "tokens may cross the network in clear text; set TLS_CERT_FILE, or see to it that something else encrypts",
  ];
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
