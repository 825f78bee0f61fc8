import { printable } from "../plan/index.js";

/** Voxels as `8x16x16`. */
export function sizeText(size: readonly number[]): string {
  return size.join("x");
}

/** Columns separated by two blanks, each as wide as its longest cell; `left` names those that are not right-aligned. */
export function alignColumns(cells: readonly (readonly string[])[], left: readonly number[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? "")].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const blanks = " ".repeat((widths[column] ?? 0) - [...cell].length);
        return left.includes(column) ? cell + blanks : blanks + cell;
      })
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

const BAR_WIDTH = 20;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** `fraction`, 0 to 1, of a bar of 20 characters, in eighths of a character. */
export function barText(fraction: number): string {
  const eighths = Math.round(fraction * BAR_WIDTH * 8);
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
