import type { Grants } from "./grants.ts";

/** Who makes a call. */
export interface Principal {
  /** `token:importer`, `jwt:alice`, `certificate:worker`: for limits, the log and the audit trail; no secret. */
  readonly id: string;
  readonly grants: Grants;
  /** False once what let it in has expired or was revoked; long streams ask again. */
  isCurrent(): boolean;
}

/** What a request brings to show who it is from. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** Undefined unless the TLS connection showed one that its authority vouches for. */
  readonly certificate: ClientCertificate | undefined;
}

export interface ClientCertificate {
  /** `CN=worker,O=Example`, in the certificate's own order. */
  readonly subject: string;
  /** `DNS:worker.example.com`, `URI:spiffe://example.com/worker`. */
  readonly alternativeNames: readonly string[];
}

/**
 * `refused`: why not, in words that help an honest caller and tell others nothing. `retry`: it could not be found out,
 * so that the same credentials may do later.
 */
export type Authentication =
  | { readonly principal: Principal }
  | { readonly refused: string; readonly retry?: true };

/** Immediate where it can be, as every call passes here. */
export type Authenticate = (credentials: Credentials) => Authentication | Promise<Authentication>;

const MAX_NAME_CHARS = 100;

/** Whether a name from outside can be part of an id: one line that leaves room in an audit trail's field. */
export function isPrincipalName(name: unknown): name is string {
  return (
    typeof name === "string" &&
    name !== "" &&
    name.length <= MAX_NAME_CHARS &&
    name.isWellFormed() &&
    !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)
  );
}
