/**
 * Generates JSON that nobody should send.
 *
 * @module
 */

import type { Draw } from "./draw.ts";
import { ODD_TEXTS } from "./mutations.ts";

/**
 * Raw values: wrong types, unusual spellings of numbers, excessive size or
 * precision.
 */
const ODD_VALUES: readonly string[] = [
  "1e400",
  "-1e400",
  "1e-400",
  "-0",
  "0.0",
  "1.0",
  "1e2",
  "1E2",
  "01",
  "+1",
  ".5",
  "0x1",
  "NaN",
  "Infinity",
  "-1",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "3155760000000",
  "3155760000001",
  "1".repeat(400),
  "null",
  "true",
  "false",
  "undefined",
  "{}",
  "[]",
  "[[]]",
  '{"__proto__":{"isPolluted":true}}',
  '{"toJSON":1}',
  '{"length":1000000000}',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"\\u0061"',
  '"\\/"',
  '"\u{1f600}"',
  '"\u2028"',
  "'a'",
  "",
];
const ODD_NAMES: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "toJSON",
  "valueOf",
  "length",
  "kind",
  "seq",
  "",
  "\\u0073eq",
  "0",
];
/** Characters that JSON accepts as white space, and others. */
const BLANKS: readonly string[] = [" ", "\t", "\r\n", "\u00a0", "\ufeff"];

/** Number of values within a value, including itself. */
export function countValues(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>(
    (sum, member) => sum + countValues(member),
    1,
  );
}

/**
 * Formats a value as JSON with one odd place.
 *
 * @param draw Chooses the place and what is odd there.
 * @param value The value.
 */
export function oddJson(draw: Draw, value: unknown): string {
  const at = draw.below(countValues(value));
  let seen = 0;
  const write = (value: unknown): string => {
    const isOdd = seen++ === at;
    if (typeof value !== "object" || value === null) {
      return isOdd ? oddValue(draw) : JSON.stringify(value);
    }
    if (Array.isArray(value)) {
      const items = value.map(write);
      return isOdd ? oddList(draw, items) : `[${items.join(",")}]`;
    }
    const members = Object.entries(value).map(([name, member]) =>
      `${JSON.stringify(name)}:${write(member)}`
    );
    return isOdd ? oddObject(draw, members) : `{${members.join(",")}}`;
  };
  return write(value);
}

function oddValue(draw: Draw): string {
  return draw.oneIn(2)
    ? draw.pick(ODD_VALUES)
    : JSON.stringify(draw.pick(ODD_TEXTS));
}

function oddList(draw: Draw, items: readonly string[]): string {
  const item = items[0] ?? oddValue(draw);
  switch (draw.below(5)) {
    case 0:
      return oddValue(draw);
    case 1:
      return `[${[...items, item].join(",")}]`;
    case 2:
      return `[${items.join(",")},]`;
    case 3: // Wide.
      return `[${Array(draw.below(1_500)).fill(item).join(",")}]`.slice(
        0,
        100_000,
      );
    default:
      return `[${items.slice(1).join(",")}]`;
  }
}

function oddObject(draw: Draw, members: readonly string[]): string {
  const at = draw.below(members.length + 1);
  const [member = '"a":1', blank] = [members[at], draw.pick(BLANKS)];
  const name = draw.pick(ODD_NAMES);
  switch (draw.below(8)) {
    case 0:
      return oddValue(draw);
    case 1: // Another.
      return `{${
        members.toSpliced(at, 0, `"${name}":${oddValue(draw)}`).join(",")
      }}`;
    case 2: // One twice.
      return `{${[...members, member].join(",")}}`;
    case 3: // One too few.
      return `{${members.toSpliced(at, 1).join(",")}}`;
    case 4:
      return `{${members.toReversed().join(",")}}`;
    case 5:
      return `{${members.join(`,${blank}`)}}${blank}`;
    case 6: // Another's name.
      return `{${
        members.toSpliced(at, 1, member.replace(/^"[^"]*"/, `"${name}"`)).join(
          ",",
        )
      }}`;
    default: // Wide.
      return `{${
        Array.from({ length: draw.below(200) }, (_, index) => `"k${index}":0`)
          .join(",")
      }}`;
  }
}

/**
 * Deeply nested or wide JSON, or the beginning of some.
 *
 * @param draw Makes the choices.
 * @param maxUnits Maximum number of brackets or members.
 */
export function hugeJson(draw: Draw, maxUnits: number): string {
  const units = draw.below(maxUnits);
  const [open, unit, close] = draw.pick([
    ["", "[", ""],
    ["", '{"a":', ""],
    ["", '{"__proto__":', ""],
    ["[", "0,", "0]"],
    ["[", "{},", "{}]"],
    ["{", '"a":0,', '"z":0}'],
    ['"', "\\\\", '"'],
    ['"', "x", ""],
    ["", "9", ""],
    ["", "]", ""],
    ["", ",", ""],
    ["", " ", "{}"],
  ]);
  return open + unit.repeat(units) + close;
}
