/**
 * Z85: bytes as printable text, five characters for four bytes.
 *
 * @see {@link https://rfc.zeromq.org/spec/32/ | ZeroMQ RFC 32, Z85}
 * @module
 */

const DIGITS =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const BASE = 85;
const GROUP_BYTES = 4;
const GROUP_DIGITS = 5;
const MAX_GROUP = 2 ** 32 - 1;

/**
 * Encodes bytes as Z85.
 *
 * @param bytes Their number must be a multiple of 4.
 * @throws {RangeError} when it is not.
 *
 * @example
 * ```ts
 * import { encodeZ85 } from "./z85.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const bytes = new Uint8Array([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]);
 * strictEqual(encodeZ85(bytes), "HelloWorld");
 * ```
 */
export function encodeZ85(bytes: Uint8Array): string {
  if (bytes.length % GROUP_BYTES !== 0) {
    throw new RangeError(`Cannot write ${bytes.length} bytes as Z85`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = "";
  for (let at = 0; at < bytes.length; at += GROUP_BYTES) {
    let value = view.getUint32(at);
    let group = "";
    for (let count = 0; count < GROUP_DIGITS; count++) {
      group = DIGITS.charAt(value % BASE) + group;
      value = Math.floor(value / BASE);
    }
    text += group;
  }
  return text;
}

/**
 * Decodes Z85.
 *
 * @param text Any text.
 * @returns The bytes; `undefined` when the text is not Z85, or a group encodes
 *   more than 32 bits.
 */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % GROUP_DIGITS !== 0) return undefined;
  const bytes = new Uint8Array(text.length / GROUP_DIGITS * GROUP_BYTES);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at += GROUP_DIGITS) {
    let value = 0;
    for (const character of text.slice(at, at + GROUP_DIGITS)) {
      const digit = DIGITS.indexOf(character);
      if (digit < 0) return undefined;
      value = value * BASE + digit;
    }
    if (value > MAX_GROUP) return undefined;
    view.setUint32(at / GROUP_DIGITS * GROUP_BYTES, value);
  }
  return bytes;
}
