import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** One of several contents of one place; arrow keys go from tab to tab. */
export function Tabs(props: {
  readonly tabs: readonly string[];
  readonly chosen: string;
  readonly onChoose: (tab: string) => void;
  readonly children: ComponentChildren;
}) {
  const { tabs, chosen, onChoose } = props;
  const id = useId();
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = tabs[(tabs.indexOf(chosen) + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    onChoose(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab}
            id={`${id}-${tab}`}
            type="button"
            role="tab"
            aria-selected={tab === chosen}
            aria-controls={`${id}-content`}
            tabIndex={tab === chosen ? 0 : -1}
            onClick={() => onChoose(tab)}
          >
            {tab}
          </button>
        ))}
      </div>
      <div id={`${id}-content`} role="tabpanel" aria-labelledby={`${id}-${chosen}`}>
        {props.children}
      </div>
    </>
  );
}
