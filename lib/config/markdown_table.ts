/**
 * Tables in Markdown, as `deno fmt` leaves them.
 *
 * @module
 */

/**
 * Renders a table and pads each column to its widest cell.
 *
 * @param rows The header, and the rows with as many cells.
 * @returns Lines, each with its line end.
 *
 * @example
 * ```ts
 * import { markdownTable } from "./markdown_table.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   markdownTable([["a", "b"], ["long", "x|y"]]),
 *   "| a    | b    |\n| ---- | ---- |\n| long | x\\|y |\n",
 * );
 * ```
 */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows.map((row) =>
    row.map((cell) => cell.replaceAll("|", "\\|"))
  );
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...body.map((row) => row[column]?.length ?? 0))
  );
  const rule = widths.map((width) => "-".repeat(width));
  const lines = [head, rule, ...body].map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")
  );
  return lines.map((line) => `| ${line} |\n`).join("");
}
