/**
 * Limits the cost of JSON before it is parsed. No message of protocol 2 nests
 * deeper than five, has objects of more than eight members, or more values than
 * a full batch or a full list of ignored addresses; other texts are rejected in
 * one pass over their bytes. The worst text left for `JSON.parse` is one long
 * string or number.
 *
 * @module
 */

import { MAX_IGNORE } from "../base/bounds.ts";
import { MAX_CONTROL_BYTES, MAX_EVENTS } from "./v2_limits.ts";

/** Deepest nesting; a STATE has four: body, state, list, element. */
const MAX_DEPTH = 5;
/** Members of the largest objects, such as WELCOME and PROBED. */
const MAX_MEMBERS = 8;
/** A full batch: the body, its list, and the events. */
const MAX_BRACKETS = MAX_EVENTS + 2;
/** A full list of addresses in WELCOME, beside a few other values. */
const MAX_COMMAS = MAX_IGNORE + 100;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/**
 * An array has fewer commas than its body has bytes, so that its count stays
 * below an object's limit.
 */
const IN_ARRAY = -MAX_CONTROL_BYTES;

/**
 * Checks whether a text nests too deep, has an object with too many members, or
 * too many values in all.
 * It does not check whether the text is valid JSON.
 *
 * @param body Bytes of a text.
 * @returns The exceeded limit; `undefined`: none.
 */
export function scanJson(body: Uint8Array): "depth" | "fields" | undefined {
  /** Commas in each open bracket, outermost first; outside there is no JSON. */
  const commas = [IN_ARRAY, 0, 0, 0, 0, 0];
  let [depth, brackets, allCommas] = [0, 0, 0];
  for (let at = 0; at < body.length; at++) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        if (depth === MAX_DEPTH) return "depth";
        if (++brackets > MAX_BRACKETS) return "fields";
        commas[++depth] = body[at] === OPEN_ARRAY ? IN_ARRAY : 0;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        if (depth > 0) depth--;
        break;
      case COMMA: {
        const seen = (commas[depth] ?? 0) + 1;
        if (seen === MAX_MEMBERS || ++allCommas > MAX_COMMAS) return "fields";
        commas[depth] = seen;
      }
    }
  }
  return undefined;
}

/** Index of a string's closing quote; past the end if there is none. */
function endOfString(body: Uint8Array, quoteAt: number): number {
  let at = quoteAt + 1;
  while (at < body.length && body[at] !== QUOTE) {
    at += body[at] === BACKSLASH ? 2 : 1;
  }
  return at;
}
