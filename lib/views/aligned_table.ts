/**
 * Tables with right-aligned numbers.
 *
 * @module
 */

/** A column of a table. */
export interface TableColumn {
  readonly heading: string;
  /** Alignment of its cells. @default {"left"} */
  readonly align?: "left" | "right";
  /** Fewest characters. @default {the heading's} */
  readonly minWidth?: number;
}

/**
 * Lays out rows below their headings, with two spaces between columns.
 *
 * @param columns The columns.
 * @param rows One cell for each column.
 *
 * @example
 * ```ts
 * import { alignedTable } from "./aligned_table.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const columns = [{ heading: "NODE" }, { heading: "N", align: "right" }] as const;
 * deepStrictEqual(alignedTable(columns, [["web1", "7"], ["db", "12"]]), [
 *   "NODE   N",
 *   "web1   7",
 *   "db    12",
 * ]);
 * ```
 */
export function alignedTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const lines = [columns.map(({ heading }) => heading), ...rows];
  const widths = columns.map(({ minWidth = 0 }, at) =>
    Math.max(minWidth, ...lines.map((cells) => cells[at]?.length ?? 0))
  );
  return lines.map((cells) =>
    columns.map(({ align }, at) => {
      const [cell = "", width = 0] = [cells[at], widths[at]];
      return align === "right" ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}
