import type { ComponentChildren } from "preact";

/** A table of figures, which can be scrolled where it is wider than the page. `children` are its rows. */
export function FiguresTable({
  label,
  caption,
  columns,
  children,
}: {
  /** Names it to a screen reader. */
  label: string;
  caption: string | undefined;
  columns: readonly string[];
  children: ComponentChildren;
}) {
  return (
    <section class="wide" tabIndex={0} aria-label={label}>
      <table class="figures">
        {caption && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
