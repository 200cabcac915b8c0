import { diffLines } from "diff";
import { Scroll } from "../ui/scroll.tsx";

interface Line {
  readonly left: string | undefined;
  readonly right: string | undefined;
}

/** Two texts in two columns, equal lines beside each other. */
export function SideBySide(props: {
  readonly before: string;
  readonly after: string;
  readonly from: number;
  readonly to: number;
}) {
  const lines = linesOf(props.before, props.after);
  return (
    <Scroll label="The two releases side by side">
      <table class="sides">
        <thead>
          <tr>
            <th scope="col">Release {props.from}</th>
            <th scope="col">Release {props.to}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ left, right }, index) => {
            const isSame = left === right;
            return (
              // A line has no name but its place.
              <tr key={String(index)}>
                <td class={isSame ? "" : "removed"}>{marked(left, isSame, "−")}</td>
                <td class={isSame ? "" : "added"}>{marked(right, isSame, "+")}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Told by a sign as well as by colour. */
function marked(text: string | undefined, isSame: boolean, sign: string): string {
  if (text === undefined) return "";
  return `${isSame ? " " : sign} ${text}`;
}

function linesOf(before: string, after: string): readonly Line[] {
  const lines: Line[] = [];
  let removed: string[] = [];
  const flush = (added: readonly string[]) => {
    for (let index = 0; index < Math.max(removed.length, added.length); index += 1)
      lines.push({ left: removed[index], right: added[index] });
    removed = [];
  };
  for (const part of diffLines(`${before}\n`, `${after}\n`)) {
    const texts = part.value.replace(/\n$/, "").split("\n");
    if (part.removed) removed = texts;
    else if (part.added) flush(texts);
    else {
      flush([]);
      for (const text of texts) lines.push({ left: text, right: text });
    }
  }
  flush([]);
  return lines;
}
