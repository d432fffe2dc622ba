import { oneLine } from "./one-line.ts";

/** Rows under their titles, each column as wide as it must be; numbers stand to the right. */
export function table(titles: readonly string[], rows: readonly (readonly Cell[])[], empty: string): string {
  if (rows.length === 0) return `${empty}\n`;
  const texts = rows.map((row) => row.map(textOf));
  const widths = titles.map((title, column) => Math.max(title.length, ...texts.map((row) => row[column]?.length ?? 0)));
  const isNumber = titles.map((_, column) => rows.every((row) => typeof row[column] === "number"));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumber[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return `${[line(titles), ...texts.map(line)].join("\n")}\n`;
}

export type Cell = string | number | null;

function textOf(cell: Cell): string {
  if (cell === null || cell === "") return "–";
  return oneLine(String(cell));
}
