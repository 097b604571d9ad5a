/**
 * The output of the operator's command.
 *
 * @module
 */

/** The output of a verb. */
export interface OperatorOutput {
  /** For standard output: what was asked for, and nothing else. */
  readonly lines: readonly string[];
  /** For standard error: what happened, and what comes next. */
  readonly notes: readonly string[];
}

/**
 * Lays out rows one below the other, two spaces between.
 *
 * @param rows Cells; the first row is the heading.
 */
export function tableLines(
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ").trimEnd()
  );
}

/** A time as operators read it, in UTC; `never` for none. */
export function timeText(ms: number | null): string {
  if (ms === null) return "never";
  return new Date(ms).toISOString().replace("T", " ").replace(/\.\d+Z$/, "Z");
}

/** A value as JSON in several lines. */
export function jsonLines(value: unknown): readonly string[] {
  return JSON.stringify(value, null, 2).split("\n");
}
