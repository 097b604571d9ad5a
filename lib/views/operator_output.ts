/**
 * The output of the operator's command.
 *
 * @module
 */

/** The output of a verb. */
export interface OperatorOutput {
  /** For standard output: what was asked for, and nothing else. */
  readonly lines: readonly string[];
  /** What is long: lines that follow, in pages, made while they are printed. */
  readonly pages?: AsyncIterable<readonly string[]>;
  /** What goes on until it is ended: lines that follow, in pages. */
  readonly live?: (signal: AbortSignal) => AsyncIterable<readonly string[]>;
  /** For standard error: what happened, and what comes next. */
  readonly notes: readonly string[];
  /** Whether what was looked at is not as it should be: exit code 4. @default {false} */
  readonly foundFault?: boolean;
}

/** Where output goes. */
export interface OutputPlace {
  /** Columns of the terminal; `undefined`: it is none, and nothing is cut. */
  readonly columns: number | undefined;
  /** Whether headings may be bold. */
  readonly hasColour: boolean;
}

/** No terminal. */
export const PLAIN_PLACE: OutputPlace = {
  columns: undefined,
  hasColour: false,
};

/** How a table is laid out. */
export interface TableLayout {
  /** Empty: there is none. */
  readonly heading: readonly string[];
  /** Columns, by number, that are cut where a terminal is too narrow. */
  readonly shrinking: readonly number[];
  /** Columns, by number, whose cells stand to the right. @default {none} */
  readonly right?: readonly number[];
  /** How wide the columns are at least. @default {as wide as what is in them} */
  readonly widths?: readonly number[];
}

const GAP = "  ";
/** Narrowest that a column is cut to. */
const MIN_COLUMN = 8;
/** A table is no wider on a terminal that is. */
const MAX_COLUMNS = 100;

/**
 * Lays out rows one below the other, two spaces between.
 *
 * @param rows Cells; the first row is the heading.
 */
export function tableLines(
  rows: readonly (readonly string[])[],
): readonly string[] {
  return padded(rows, widened([], rows));
}

/** A table that grows by pages: columns get wider where a page needs it. */
export class GrowingTable {
  readonly #layout: TableLayout;
  readonly #place: OutputPlace;
  #widths: readonly number[] = [];
  #isBegun = false;

  /**
   * @param layout Its heading and columns.
   * @param place Where it is printed.
   */
  constructor(layout: TableLayout, place: OutputPlace = PLAIN_PLACE) {
    this.#layout = layout;
    this.#place = place;
    this.#widths = layout.widths ?? [];
    this.#isBegun = layout.heading.length === 0;
  }

  /** The lines of some more rows; the first ones have the heading above. */
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

  /** Widths within the terminal's, as far as columns may shrink. */
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

/** A time as operators read it, in UTC; `never` for none. */
export function timeText(ms: number | null): string {
  if (ms === null) return "never";
  return new Date(ms).toISOString().replace("T", " ").replace(/\.\d+Z$/, "Z");
}

/** A value as JSON in several lines. */
export function jsonLines(value: unknown): readonly string[] {
  return JSON.stringify(value, null, 2).split("\n");
}
