// Places in the console by the part of the address after #: `#/tasks/import/42`. A server needs to know none of them.
import { signal } from "@preact/signals";

/** The decoded segments of the place: `["tasks", "import", "42"]`. */
export const place = signal<readonly string[]>(segments());

addEventListener("hashchange", () => {
  place.value = segments();
});

/** The address of a place, for links. */
export function linkTo(...path: readonly string[]): string {
  return `#/${path.map(encodeURIComponent).join("/")}`;
}

export function goTo(...path: readonly string[]): void {
  location.hash = linkTo(...path);
}

function segments(): readonly string[] {
  try {
    return location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    // Somebody typed a % that encodes nothing.
    return [];
  }
}
