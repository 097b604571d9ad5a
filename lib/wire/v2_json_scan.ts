/**
 * Bounds the cost of JSON before it is parsed. The messages of protocol 2 nest five
 * deep and have objects of eight members; a text that goes beyond is refused
 * in one look over its bytes. What is left for `JSON.parse` is at most a wide
 * array, whose cost grows with its bytes only.
 *
 * @module
 */

import { MAX_CONTROL_BYTES } from "./v2_limits.ts";

/** Body, its list, an element, its list, an element. */
const MAX_DEPTH = 5;
/** Members of the largest object, a report among changes. */
const MAX_MEMBERS = 8;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** An array has fewer commas than its body has bytes: it never counts up to an object's. */
const IN_ARRAY = -MAX_CONTROL_BYTES;

/**
 * Looks whether a text is too deep, or has an object that is too wide.
 * Whether it is JSON at all is not asked.
 *
 * @param body Bytes of a text.
 * @returns What there is too much of; `undefined`: nothing.
 */
export function scanJson(body: Uint8Array): "depth" | "fields" | undefined {
  /** How many commas each open bracket has had, the outermost first; what is outside of them is no JSON. */
  const commas = [IN_ARRAY, 0, 0, 0, 0, 0];
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        if (depth === MAX_DEPTH) return "depth";
        commas[++depth] = body[at] === OPEN_ARRAY ? IN_ARRAY : 0;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        if (depth > 0) depth--;
        break;
      case COMMA: {
        const seen = (commas[depth] ?? 0) + 1;
        if (seen === MAX_MEMBERS) return "fields";
        commas[depth] = seen;
      }
    }
  }
  return undefined;
}

/** Where the string ends that begins at the quote; past the end where it does not. */
function endOfString(body: Uint8Array, quoteAt: number): number {
  let at = quoteAt + 1;
  while (at < body.length && body[at] !== QUOTE) {
    at += body[at] === BACKSLASH ? 2 : 1;
  }
  return at;
}
