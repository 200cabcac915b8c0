/** Whether a content may be published: what its compatibility mode asks for, judged against the releases it names. */
import { aborted, ServiceError } from "../../../errors.ts";
import type { SchemaText } from "../../../ports/document-validator.ts";
import type { ChangeClass, Judgement, Verdict, Wanted } from "../../../ports/schema-comparer.ts";
import type { SchemaContext } from "../context.ts";
import { incompatible } from "../errors.ts";
import { type Compatibility, findRelease, type Head, type HeadRelease } from "../schema.ts";
import { TOO_MUCH } from "./compare.ts";
import { short } from "./pointer.ts";

/** The same content, and so nothing to judge. */
const IDENTICAL: Judgement = {
  class: "IDENTICAL",
  backward: { kind: "included" },
  forward: { kind: "included" },
};

/** What cannot be judged within the limits is undecided: a mode that asks for nothing takes it, the others do not. */
function undecided(error: unknown): Judgement {
  if (!(error instanceof ServiceError && error.reason === "TOO_COMPLEX")) throw error;
  const verdict = { kind: "unknown", obstacle: TOO_MUCH } as const;
  return { class: "UNKNOWN", backward: verdict, forward: verdict };
}

/**
 * What is known of one content against releases, by their content: facts, which stay true whatever becomes of the
 * schema. Judging takes its time and a head can change meanwhile, so the plan that writes asks whether all that the
 * head as it is now calls for has been judged.
 */
export class Judgements {
  readonly #content: SchemaText;
  readonly #facts = new Map<string, Judgement>();

  constructor(content: SchemaText) {
    this.#content = content;
    this.#facts.set(content.sha256, IDENTICAL);
  }

  /** What has to be judged before this content can follow in the schema; empty when all is known. */
  missing(head: Head): readonly HeadRelease[] {
    const last = head.releases.at(-1);
    const wanted = last === undefined ? [] : [last, ...guardians(head)];
    return [...new Map(wanted.map((release) => [release.h, release])).values()].filter(
      ({ h }) => !this.#facts.has(h),
    );
  }

  /** Null = there is no release before it. */
  changeAgainst(release: HeadRelease | undefined): ChangeClass | null {
    return (release && this.#facts.get(release.h)?.class) ?? null;
  }

  /** Throws `failed_precondition` / INCOMPATIBLE_SCHEMA unless all that the mode asks for is shown. */
  check(head: Head): void {
    const { backward, forward } = wantedBy(head.compatibility);
    for (const release of guardians(head)) {
      const facts = this.#facts.get(release.h);
      if (backward) require(head.compatibility, release, "backward", facts?.backward);
      if (forward) require(head.compatibility, release, "forward", facts?.forward);
    }
  }

  /** Releases whose bodies went meanwhile are passed over: the head no longer names them. */
  async judge(
    { bodies, comparer }: SchemaContext,
    releases: readonly HeadRelease[],
    mode: Compatibility,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const release of releases) {
      const body = await bodies.get(release.b, signal);
      if (body === undefined) continue;
      if (signal?.aborted) throw aborted(signal);
      const older = { text: body.text, dialect: release.d, sha256: release.h };
      const judgement = comparer.judge(older, this.#content, wantedBy(mode), signal);
      this.#facts.set(release.h, await judgement.catch(undecided));
    }
  }
}

/** The releases that the mode holds a new one to. */
function guardians(head: Head): readonly HeadRelease[] {
  if (head.compatibility === "NONE") return [];
  return head.compatibility.endsWith("_TRANSITIVE") ? head.releases : [findRelease(head, 0)];
}

function wantedBy(mode: Compatibility): Wanted {
  return { backward: /^(BACKWARD|FULL)/.test(mode), forward: /^(FORWARD|FULL)/.test(mode) };
}

const ACCEPTS = {
  backward: "documents that release N accepts must be accepted",
  forward: "documents that it accepts must be accepted by release N",
} as const;

function require(
  mode: Compatibility,
  release: HeadRelease,
  direction: "backward" | "forward",
  verdict: Verdict | undefined,
): void {
  if (verdict === undefined) throw new Error(`release ${release.n} was not judged`);
  if (verdict.kind === "included") return;
  const { pointer, keyword, reason } = verdict.obstacle;
  const rule = ACCEPTS[direction].replace("N", String(release.n));
  const finding = verdict.kind === "refuted" ? "a document shows that they are not" : "that is not shown";
  const explanation = short(reason);
  throw incompatible(`${mode}: ${rule}, and ${finding}: ${short(pointer)}: ${explanation}`, {
    compatibility: mode,
    release: String(release.n),
    direction,
    verdict: verdict.kind,
    pointer: short(pointer),
    keyword,
    explanation,
  });
}
