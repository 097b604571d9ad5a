/**
 * Mutations of valid bytes.
 *
 * @module
 */

import type { Draw } from "./draw.ts";

const ENCODER = new TextEncoder();

/**
 * Texts with a special meaning for a parser, a shell, a log or a table of
 * addresses.
 */
export const ODD_TEXTS: readonly string[] = [
  "",
  " ",
  "\t",
  "\n",
  "\r\n",
  "\0",
  "\x0b",
  "\x7f",
  "|",
  "||",
  '"',
  '\\"',
  "\\",
  "\\u0061",
  "\\ud800",
  "\\udc00\\ud800",
  "\u0085",
  "\u00e4",
  "\u2028",
  "\u202e",
  "\ufeff",
  "\u{1f600}",
  "\uff11",
  "\u0130",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "=",
  "%",
  "%%",
  "#",
  ";",
  "; reboot",
  "$(id)",
  "0",
  "-0",
  "-1",
  "1.0",
  "01",
  "1e400",
  "-1e400",
  "1e-400",
  "1e2",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "18446744073709551616",
  "0x10",
  "Infinity",
  "NaN",
  "null",
  "true",
  "false",
  "none",
  "Ban",
  "Unban",
  "bAN",
  "] Ban ",
  "Restore Ban",
  "Increase Ban",
  "fail2ban.",
  "fail2ban.actions",
  "fail2bancluster",
  "logtarget",
  "all",
  "sshd",
  "web-1",
  "-web",
  "a".repeat(63),
  "a".repeat(64),
  "a".repeat(65),
  "a".repeat(256),
  "1.2.3.4",
  "010.0.0.1",
  "1.2.3",
  "1.2.3.4/32",
  "1.2.3.0/24",
  "1.2.3.4/24",
  "0.0.0.0/0",
  "256.1.1.1",
  "::",
  "::/0",
  "::1",
  "::ffff:1.2.3.4",
  "::ffff:102:304",
  "::1.2.3.4",
  "2001:db8::1",
  "2001:DB8::1",
  "2001:db8::1:0:0:1",
  "2001:db8:0:0:1:0:0:1",
  "2001:db8:0:1:1:1:1:1",
  "2001:db8::1:1:1:1:1",
  "2001:db8::/48",
  "2001:db8::1/48",
  "2001:db8::1/128",
  "fe80::1%eth0",
  "/24",
  "/08",
];

/**
 * The same in UTF-8, and invalid UTF-8: overlong, truncated, a surrogate, out
 * of range.
 */
const ODD_BYTES: readonly Uint8Array[] = [
  ...ODD_TEXTS.map((text) => ENCODER.encode(text)),
  Uint8Array.of(0xff),
  Uint8Array.of(0x80),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xc1, 0xbf),
  Uint8Array.of(0xe0, 0x80, 0xaf),
  Uint8Array.of(0xe2, 0x82),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xf0, 0x80, 0x80, 0xaf),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
  Uint8Array.of(0xfe, 0xff),
];

/** Bytes with a part replaced. */
export function spliced(
  bytes: Uint8Array,
  at: number,
  removed: number,
  put: Uint8Array,
): Uint8Array {
  const end = Math.min(bytes.length, at + removed);
  const result = new Uint8Array(bytes.length - (end - at) + put.length);
  result.set(bytes.subarray(0, at));
  result.set(put, at);
  result.set(bytes.subarray(end), at + put.length);
  return result;
}

/**
 * Mutates bytes at one to four places.
 *
 * @param draw Makes the choices.
 * @param bytes The valid bytes.
 * @param other The source of inserted pieces.
 */
export function mutated(
  draw: Draw,
  bytes: Uint8Array,
  other: Uint8Array,
): Uint8Array {
  let result = bytes;
  for (let left = 1 + draw.below(draw.oneIn(2) ? 1 : 4); left > 0; left--) {
    result = changed(draw, result, other);
  }
  return result;
}

function changed(
  draw: Draw,
  bytes: Uint8Array,
  other: Uint8Array,
): Uint8Array {
  const at = draw.below(bytes.length + 1);
  const [from, to] = [draw.below(other.length + 1), 1 + draw.below(40)];
  switch (draw.below(8)) {
    case 0: // One bit.
      return spliced(
        bytes,
        at,
        1,
        Uint8Array.of((bytes[at] ?? 0) ^ (1 << draw.below(8))),
      );
    case 1: // One byte.
      return spliced(bytes, at, 1, Uint8Array.of(draw.below(256)));
    case 2: // Some are gone.
      return spliced(bytes, at, 1 + draw.below(8), new Uint8Array());
    case 3: // Cut off.
      return bytes.slice(0, at);
    case 4: // Twice.
      return spliced(bytes, at, 0, bytes.slice(at, at + to));
    case 5: // Some of another.
      return spliced(bytes, at, draw.below(40), other.slice(from, from + to));
    default:
      return spliced(bytes, at, draw.below(4), draw.pick(ODD_BYTES));
  }
}

/** Frames in another order, number or size. */
export function shuffledFrames(
  draw: Draw,
  frames: readonly Uint8Array[],
  other: Uint8Array,
): readonly Uint8Array[] {
  const at = draw.below(frames.length + 1);
  switch (draw.below(4)) {
    case 0:
      return frames.toSpliced(at, 1);
    case 1:
      return frames.toSpliced(at, 0, draw.pick(ODD_BYTES));
    case 2:
      return frames.toReversed();
    default:
      return frames.toSpliced(at, 1, other);
  }
}
