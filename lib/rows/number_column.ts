/**
 * Stores a column of numbers in the fewest bytes that fit all of them.
 *
 * ```abnf
 * column = width base *offset / %d8 *number   ; one for each row
 * width  = %d0 / %d1 / %d2 / %d4              ; bytes of an offset
 * base   = number                             ; the column's minimum
 * offset = <unsigned, little-endian: added to the base>
 * number = <IEEE 754 binary64, little-endian>
 * ```
 *
 * Width 0 is for a column with a single value, width 8 for one whose numbers
 * are not whole or too far apart. A reader accepts only the narrowest width
 * that fits, so that a column has exactly one form. In a column that may
 * contain `Infinity`, the greatest offset of each width stands for it.
 *
 * @module
 */

/** The numbers of a column. */
export type Numbers = Uint8Array | Uint16Array | Float64Array;

/** Bytes of an offset; 8: numbers without a base. */
type Width = 0 | 1 | 2 | 4 | 8;

/** The encoding of a column. */
export interface ColumnForm {
  readonly width: Width;
  readonly base: number;
  /** Total length. */
  readonly bytes: number;
}

const NUMBER_BYTES = 8;
const WIDTHS = [1, 2, 4] as const;

/**
 * Finds the encoding of a column.
 *
 * @param numbers Must not contain `NaN`.
 * @param isEndless Whether they may contain `Infinity`.
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
 * @param view The destination.
 * @param at Index of its first byte.
 * @param numbers The numbers.
 * @param form The numbers' encoding.
 * @returns Index of the byte after the column.
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
 * @param view The source.
 * @param at Index of its first byte.
 * @param numbers Filled with as many numbers as it has room for.
 * @param isEndless Whether they may contain `Infinity`.
 * @returns Index of the byte after the column; `undefined`: it is truncated,
 *   not in its one form, or a number does not fit.
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
  // A number that did not fit has changed, so the form would differ.
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
    /** The offset that stands for `Infinity`. */
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
