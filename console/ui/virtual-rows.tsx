// Only the rows that can be seen, and some around them, are in the page: ten thousand would stop it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Scroll } from "./scroll.tsx";

/** Height of a row; the style sheet has the same. */
const ROW_PX = 36;
const AROUND = 8;

export function VirtualRows<T>(props: {
  readonly label: string;
  /** Each is also the class of its column. */
  readonly columns: readonly string[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** The row's cells. */
  readonly cells: (row: T) => ComponentChildren;
}) {
  const { columns, rows } = props;
  const box = useRef<HTMLElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  const first = Math.max(0, Math.min(rows.length, Math.floor(view.top / ROW_PX)) - AROUND);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW_PX) + AROUND);
  return (
    <Scroll label={props.label} class="virtual" box={box}>
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column} scope="col" class={column.toLowerCase()}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={first} columns={columns.length} />
          {rows.slice(first, last).map((row, index) => (
            <tr key={props.keyOf(row)} aria-rowindex={first + index + 2}>
              {props.cells(row)}
            </tr>
          ))}
          <Space rows={rows.length - last} columns={columns.length} />
        </tbody>
      </table>
    </Scroll>
  );
}

/** As high as the rows that are not there, so that the scroll bar tells the truth. */
function Space({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return rows <= 0 ? null : (
    <tr class="space">
      <td colSpan={columns} style={{ height: `${rows * ROW_PX}px` }} />
    </tr>
  );
}
