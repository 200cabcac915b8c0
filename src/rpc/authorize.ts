/** Judges one request by the permission of its method and the grants of its caller. */
import type { Grants } from "../auth/grants.ts";
import { ServiceError } from "../errors.ts";
import { NameSet } from "../names.ts";
import type { Permission } from "./permissions.ts";

/**
 * The names that a call may see which names none of them itself. Throws `permission_denied`, which says which scope
 * would do; not whether what was asked for exists, for that was not looked at.
 */
export function authorize({ area, level, names }: Permission, grants: Grants, request: unknown): NameSet {
  const granted = grants.names(area, level);
  const scope = `${area}:${level}`;
  if (granted.isEmpty) throw denied(scope, undefined);
  if (granted.isAll || names.of === "nothing") return NameSet.all;
  if (names.of === "constant") {
    if (!granted.has(names.name)) throw denied(scope, undefined);
    return granted;
  }
  const named = names.path === undefined ? [] : textsAt(request, names.path.split("."));
  for (const text of named) {
    if (
      names.of === "field" ? !granted.has(names.read(text) || names.empty) : text !== "" && !granted.has(text)
    ) {
      throw denied(scope, names.path);
    }
    if (names.of === "everything" && text === "") throw denied(scope, names.path);
  }
  return granted;
}

function denied(scope: string, field: string | undefined): ServiceError {
  const message =
    field === undefined
      ? `the caller lacks the scope ${scope}`
      : `the caller has the scope ${scope}, but not for this value of ${field}`;
  return new ServiceError("permission_denied", "PERMISSION_DENIED", message, {
    metadata: { scope, ...(field === undefined ? {} : { field }) },
  });
}

/** A message that is not there names nothing, which is the empty text. */
function textsAt(value: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => textsAt(item, path));
  const [first, ...rest] = path;
  if (first === undefined) return [typeof value === "string" ? value : ""];
  if (typeof value !== "object" || value === null) return [""];
  return textsAt(Object.getOwnPropertyDescriptor(value, first)?.value, rest);
}
