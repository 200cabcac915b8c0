/** What admission found out about the caller, and what authorization made of it, for whoever handles the call. */
import { createContextKey } from "@connectrpc/connect";
import type { Principal } from "../auth/principal.ts";
import { NameSet } from "../names.ts";

/** Undefined where the service runs without authentication. */
export const principalKey = createContextKey<Principal | undefined>(undefined, { description: "principal" });

/** The kinds, schema names or namespaces that a call which names none may see. */
export const visibleKey = createContextKey<NameSet>(NameSet.all, { description: "visible names" });
