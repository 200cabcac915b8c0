import type { ComponentChildren, Ref } from "preact";

/** A part of the page that scrolls by itself: it can be reached by keyboard, so that arrow keys scroll it. */
export function Scroll(props: {
  readonly label: string;
  readonly class?: string;
  readonly box?: Ref<HTMLElement>;
  readonly children: ComponentChildren;
}) {
  return (
    <section class={props.class ?? "scroll"} aria-label={props.label} tabIndex={0} ref={props.box ?? null}>
      {props.children}
    </section>
  );
}
