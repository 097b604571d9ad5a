/**
 * The output of the operator's command.
 *
 * @module
 */

/** The output of a verb. */
export interface OperatorOutput {
  /** For standard output: the requested data only. */
  readonly lines: readonly string[];
  /** Long output: more lines, in pages that are made during printing. */
  readonly pages?: AsyncIterable<readonly string[]>;
  /** Output without an end: more lines, in pages, until aborted. */
  readonly live?: (signal: AbortSignal) => AsyncIterable<readonly string[]>;
  /** For standard error: what happened, and the next steps. */
  readonly notes: readonly string[];
  /** Whether a fault was found: exit code 4. @default {false} */
  readonly foundFault?: boolean;
}

/** The place to which output goes. */
export interface OutputPlace {
  /** Columns of the terminal; `undefined`: no terminal, nothing is cut. */
  readonly columns: number | undefined;
  /** Whether headings may be bold. */
  readonly hasColour: boolean;
}

/** Not a terminal. */
export const PLAIN_PLACE: OutputPlace = {
  columns: undefined,
  hasColour: false,
};

/** The layout of a table. */
export interface TableLayout {
  /** Empty: no heading. */
  readonly heading: readonly string[];
  /** Columns, by index, that are cut on a narrow terminal. */
  readonly shrinking: readonly number[];
  /** Columns, by index, that are right-aligned. @default {none} */
  readonly right?: readonly number[];
  /** Fewest characters of each column. @default {as wide as the content} */
  readonly widths?: readonly number[];
}

const GAP = "  ";
/** Width below which no column is cut. */
const MIN_COLUMN = 8;
/** Widest table on a terminal. */
const MAX_COLUMNS = 100;

/**
 * Lays out rows, with two spaces between columns.
 *
 * @param rows Cells; the first row is the heading.
 */
export function tableLines(
  rows: readonly (readonly string[])[],
): readonly string[] {
  return padded(rows, widened([], rows));
}

/** A table that grows in pages: columns widen when a page needs it. */
export class GrowingTable {
  readonly #layout: TableLayout;
  readonly #place: OutputPlace;
  #widths: readonly number[] = [];
  #isBegun = false;

  /**
   * @param layout Its heading and columns.
   * @param place Where the table is printed.
   */
  constructor(layout: TableLayout, place: OutputPlace = PLAIN_PLACE) {
    this.#layout = layout;
    this.#place = place;
    this.#widths = layout.widths ?? [];
    this.#isBegun = layout.heading.length === 0;
  }

  /** The lines of more rows; the first ones come with the heading. */
  lines(rows: readonly (readonly string[])[]): readonly string[] {
    const { heading } = this.#layout;
    const all = this.#isBegun ? rows : [heading, ...rows];
    const isFirst = !this.#isBegun;
    this.#isBegun = true;
    this.#widths = widened(this.#widths, all);
    const { widths, columns } = this.#fitted();
    const lines = padded(all, widths, columns, this.#layout.right);
    const [first = "", ...rest] = lines;
    return isFirst && this.#place.hasColour ? [bold(first), ...rest] : lines;
  }

  /** Widths that fit the terminal, as far as columns may shrink. */
  #fitted(): { readonly widths: readonly number[]; readonly columns: number } {
    const { columns } = this.#place;
    if (columns === undefined) {
      return { widths: this.#widths, columns: Infinity };
    }
    const widths = [...this.#widths];
    const limit = Math.min(columns, MAX_COLUMNS);
    const total = () =>
      widths.reduce((sum, width) => sum + width, 0) +
      GAP.length * (widths.length - 1);
    while (total() > limit) {
      const widest = this.#layout.shrinking.toSorted((left, right) =>
        (widths[right] ?? 0) - (widths[left] ?? 0)
      )[0];
      const width = widths[widest ?? -1] ?? 0;
      if (widest === undefined || width <= MIN_COLUMN) {
        break;
      }
      widths[widest] = width - 1;
    }
    return { widths, columns };
  }
}

function widened(
  widths: readonly number[],
  rows: readonly (readonly string[])[],
): readonly number[] {
  const wider = [...widths];
  for (const row of rows) {
    row.forEach((cell, at) => {
      wider[at] = Math.max(wider[at] ?? 0, cell.length);
    });
  }
  return wider;
}

function padded(
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  columns = Infinity,
  right: readonly number[] = [],
): readonly string[] {
  return rows.map((row) =>
    row.map((cell, at) => {
      const width = widths[at] ?? 0;
      if (columns !== Infinity && cell.length > width) {
        return `${cell.slice(0, width - 1)}~`;
      }
      return right.includes(at) ? cell.padStart(width) : cell.padEnd(width);
    }).join(GAP).trimEnd()
  );
}

function bold(text: string): string {
  return `\x1b[1m${text}\x1b[22m`;
}

/** A time for operators, in UTC; `never` for `null`. */
export function timeText(ms: number | null): string {
  if (ms === null) return "never";
  return new Date(ms).toISOString().replace("T", " ").replace(/\.\d+Z$/, "Z");
}

/** A value as JSON on several lines. */
export function jsonLines(value: unknown): readonly string[] {
  return JSON.stringify(value, null, 2).split("\n");
}
