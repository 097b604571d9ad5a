/**
 * Statistics and tables for people.
 *
 * @module
 */

/**
 * The value below which the given percentage of the values lie.
 *
 * @param sorted The values, ascending.
 * @param percent 0 to 100.
 */
export function percentile(
  sorted: readonly number[],
  percent: number,
): number {
  const index = Math.min(
    sorted.length - 1,
    Math.floor(sorted.length * percent / 100),
  );
  return sorted[index] ?? NaN;
}

/** The median. */
export function median(values: readonly number[]): number {
  return percentile([...values].sort((left, right) => left - right), 50);
}

/** Prints rows as a table under a heading. */
export function printTable(
  heading: string,
  rows: readonly (readonly string[])[],
): void {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  const lines = rows.map((row) =>
    `  ${
      row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")
    }`
      .trimEnd()
  );
  const text = `\n${heading}\n${lines.join("\n")}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
