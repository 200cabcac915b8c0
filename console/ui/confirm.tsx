// A question that must be answered before something is lost.
import { useEffect, useRef, useState } from "preact/hooks";
import { Failure, Field } from "./parts.tsx";

interface ConfirmProps {
  readonly question: string;
  /** What the button says that does it, such as `Delete`. */
  readonly action: string;
  /** Where given, has to be typed first. */
  readonly typed?: string;
  readonly failure?: string | undefined;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

export function Confirm({ question, action, typed, failure, onConfirm, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  // The browser's own dialog keeps the focus inside, closes by Escape, and gives the focus back.
  useEffect(() => dialog.current?.showModal(), []);
  const isAllowed = typed === undefined || text === typed;
  return (
    <dialog ref={dialog} onClose={onClose} aria-label={question}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isAllowed) onConfirm();
        }}
      >
        <p>{question}</p>
        {typed === undefined ? null : (
          <Field label={`Type ${typed} to go on`} value={text} onChange={setText} />
        )}
        <Failure text={failure} />
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep
          </button>
          <button type="submit" class="danger" disabled={!isAllowed}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
