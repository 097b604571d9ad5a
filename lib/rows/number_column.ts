/**
 * A column of numbers in as few bytes as all of them need.
 *
 * ```abnf
 * column = width base *offset / %d8 *number   ; as many as there are rows
 * width  = %d0 / %d1 / %d2 / %d4              ; bytes of an offset
 * base   = number                             ; the least of the column
 * offset = <unsigned, little-endian: what is to be added to the base>
 * number = <IEEE 754 binary64, little-endian>
 * ```
 *
 * A width of 0 is for a column with one value throughout, 8 for one whose
 * numbers are not whole, or too far apart. The narrowest that holds all is the
 * only one that is read: a column has one form. In a column that may have
 * `Infinity` the greatest offset of each width means that.
 *
 * @module
 */

/** The numbers of a column. */
export type Numbers = Uint8Array | Uint16Array | Float64Array;

/** Bytes of an offset; 8: numbers follow, and no base. */
type Width = 0 | 1 | 2 | 4 | 8;

/** How a column is written. */
export interface ColumnForm {
  readonly width: Width;
  readonly base: number;
  /** All in all. */
  readonly bytes: number;
}

const NUMBER_BYTES = 8;
const WIDTHS = [1, 2, 4] as const;

/**
 * The form of a column.
 *
 * @param numbers None is `NaN`.
 * @param isEndless Whether `Infinity` may be among them.
 */
export function columnForm(numbers: Numbers, isEndless: boolean): ColumnForm {
  let [least, greatest, isWhole, endless] = [Infinity, -Infinity, true, 0];
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at] ?? 0;
    if (number === Infinity) {
      endless++;
      continue;
    }
    if (number < least) least = number;
    if (number > greatest) greatest = number;
    if (isWhole && !Number.isInteger(number)) isWhole = false;
  }
  const { length } = numbers;
  if (length === 0) return formOf(0, 0, 0);
  if (endless === length) return formOf(0, Infinity, length);
  if (endless === 0 && least === greatest) return formOf(0, least, length);
  const width = isWhole
    ? WIDTHS.find((width) => greatest - least < topOf(width) + +!isEndless)
    : undefined;
  return formOf(width ?? 8, width === undefined ? 0 : least, length);
}

function formOf(width: Width, base: number, length: number): ColumnForm {
  const head = width === NUMBER_BYTES ? 1 : 1 + NUMBER_BYTES;
  return { width, base, bytes: head + width * length };
}

/** The greatest offset of a width. */
function topOf(width: Width): number {
  return 2 ** (8 * width) - 1;
}

/**
 * Writes a column.
 *
 * @param view Where to.
 * @param at Index of its first byte.
 * @param numbers The numbers.
 * @param form Theirs.
 * @returns Index of the byte after it.
 */
export function writeColumn(
  view: DataView,
  at: number,
  numbers: Numbers,
  { width, base, bytes }: ColumnForm,
): number {
  view.setUint8(at, width);
  if (width !== NUMBER_BYTES) view.setFloat64(at + 1, base, true);
  let to = at + bytes - width * numbers.length;
  const top = topOf(width);
  for (let row = 0; row < numbers.length && width > 0; row++) {
    const number = numbers[row] ?? 0;
    const offset = number === Infinity ? top : number - base;
    if (width === 1) view.setUint8(to, offset);
    else if (width === 2) view.setUint16(to, offset, true);
    else if (width === 4) view.setUint32(to, offset, true);
    else view.setFloat64(to, number, true);
    to += width;
  }
  return at + bytes;
}

/**
 * Reads a column.
 *
 * @param view Where from.
 * @param at Index of its first byte.
 * @param numbers Are filled; as many are read as it has room for.
 * @param isEndless Whether `Infinity` may be among them.
 * @returns Index of the byte after it; `undefined`: it is cut off, not in its
 * one form, or a number does not fit.
 */
export function readColumn(
  view: DataView,
  at: number,
  numbers: Numbers,
  isEndless: boolean,
): number | undefined {
  if (at >= view.byteLength) return undefined;
  const width = view.getUint8(at);
  if (width > 2 && width !== 4 && width !== NUMBER_BYTES) return undefined;
  const { bytes } = formOf(width as Width, 0, numbers.length);
  if (at + bytes > view.byteLength) return undefined;
  const base = width === NUMBER_BYTES ? 0 : view.getFloat64(at + 1, true);
  readNumbers(view, at + bytes - width * numbers.length, numbers, {
    width: width as Width,
    base,
    top: isEndless ? topOf(width as Width) : Infinity,
  });
  // What did not fit is another number now, and so would have another form.
  const form = columnForm(numbers, isEndless);
  return form.width === width && Object.is(form.base, base)
    ? at + bytes
    : undefined;
}

function readNumbers(
  view: DataView,
  from: number,
  numbers: Numbers,
  { width, base, top }: {
    readonly width: Width;
    readonly base: number;
    /** The offset that means `Infinity`. */
    readonly top: number;
  },
): void {
  if (width === 0) {
    numbers.fill(base);
    return;
  }
  for (let row = 0; row < numbers.length; row++) {
    const at = from + row * width;
    if (width === NUMBER_BYTES) {
      numbers[row] = view.getFloat64(at, true);
      continue;
    }
    const offset = width === 1
      ? view.getUint8(at)
      : width === 2
      ? view.getUint16(at, true)
      : view.getUint32(at, true);
    numbers[row] = offset === top ? Infinity : base + offset;
  }
}
