/** Ajv's errors in the port's words. */
import type { ErrorObject } from "ajv";
import type { DocumentError, SchemaProblem } from "../../ports/document-validator.ts";
import { step } from "./pointer.ts";
import type { Places } from "./prepare.ts";

const MAX_ERRORS = 100;
const MAX_MESSAGE_CHARS = 1000;
/** Several errors at one place are the branches of one rule; the first few say enough. */
const MAX_MESSAGES_A_PLACE = 3;

/** What is left of the text of one answer; pointers and messages repeat what strangers wrote, at any length. */
export class TextBudget {
  #left: number;

  constructor(characters: number) {
    this.#left = characters;
  }

  take(characters: number): boolean {
    if (characters > this.#left) return false;
    this.#left -= characters;
    return true;
  }
}

/** The first errors that fit. */
export function documentErrors(
  errors: readonly ErrorObject[],
  places: Places,
  budget: TextBudget,
): readonly DocumentError[] {
  const found: DocumentError[] = [];
  for (const error of errors.slice(0, MAX_ERRORS)) {
    const next = documentError(error, places);
    if (budget.take(next.instancePointer.length + next.schemaPointer.length + next.message.length)) {
      found.push(next);
    }
  }
  return found;
}

function documentError(error: ErrorObject, places: Places): DocumentError {
  const instancePointer = error.instancePath;
  const place = places.get(error.parentSchema);
  // What has no place is a `false` that is the whole, or that only a reference leads to.
  if (place === undefined || place.isFalse) {
    const schemaPointer = place?.pointer ?? "";
    return { instancePointer, schemaPointer, keyword: "", message: "is not allowed: the schema is false" };
  }
  const { keyword } = error;
  return {
    instancePointer,
    schemaPointer: step(place.pointer, keyword),
    keyword,
    message: short(messageOf(error)),
  };
}

/** Ajv leaves out which property it was. */
function messageOf(error: ErrorObject): string {
  const message = error.message ?? "is not valid";
  const { additionalProperty, unevaluatedProperty, propertyName } = error.params as Record<string, unknown>;
  const name = additionalProperty ?? unevaluatedProperty ?? propertyName;
  return typeof name === "string" ? `${message}: ${JSON.stringify(name)}` : message;
}

/** One problem a place. */
export function schemaProblems(errors: readonly ErrorObject[]): readonly SchemaProblem[] {
  const places = new Map<string, Set<string>>();
  for (const error of errors) {
    const messages = places.get(error.instancePath) ?? new Set<string>();
    if (places.size < MAX_ERRORS) places.set(error.instancePath, messages);
    if (messages.size < MAX_MESSAGES_A_PLACE) messages.add(messageOf(error));
  }
  return limited([...places].map(([pointer, messages]) => ({ pointer, message: [...messages].join("; ") })));
}

/** At most as many problems, each of a length, that an answer can carry. */
export function limited(problems: readonly SchemaProblem[]): readonly SchemaProblem[] {
  const budget = new TextBudget(64 * 1024);
  return problems
    .slice(0, MAX_ERRORS)
    .map(({ pointer, message }) => ({ pointer: short(pointer), message: short(message) }))
    .filter(({ pointer, message }, index) => index === 0 || budget.take(pointer.length + message.length));
}

function short(text: string): string {
  if (text.length <= MAX_MESSAGE_CHARS) return text;
  return `${text.slice(0, MAX_MESSAGE_CHARS).toWellFormed()}...`;
}
