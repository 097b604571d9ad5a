/**
 * Values in files of their own, as JSON in exactly one form.
 *
 * @module
 */

import { RuntimeError } from "./errors.ts";
import type { Reading, Shape } from "./json_shape.ts";

/** How a value is stored. */
export interface StoredForm<T> {
  /** Its name in errors, as in `the list of members`. */
  readonly what: string;
  /** Writes it as text. @throws {TypeError} when `decode` would reject that. */
  encode(value: T): string;
  /** Reads what `encode` wrote. @throws {RuntimeError} for any other text. */
  decode(text: string): T;
}

/** Longest file that is parsed, in characters. */
const MAX_LENGTH = 4_194_304;

/**
 * Makes a form for values of a shape.
 *
 * @param what The name of the value, as in `the list of members`.
 * @param shape Its shape. Unknown members are rejected, and so is text that
 * `encode` would have written differently.
 * @param indent Spaces for each level; `undefined`: all on one line.
 */
function storedForm<T>(
  what: string,
  shape: Shape<T>,
  indent?: number,
): StoredForm<T> {
  const write = (value: T) => `${JSON.stringify(value, null, indent)}\n`;
  return {
    what,
    encode: (value) => {
      const reading: Reading = { isExact: true, reason: undefined };
      const read = shape.read(value, reading);
      if (read !== undefined) return write(read);
      throw new TypeError(`Cannot store ${what}: ${reading.reason}`);
    },
    decode: (text) => {
      const reading: Reading = { isExact: true, reason: undefined };
      const value = shape.read(parseJson(text, what), reading);
      if (value === undefined) throw damaged(what, `"${reading.reason}"`);
      if (write(value) !== text) throw damaged(what, "its form");
      return value;
    },
  };
}

/** As {@link versioned}, but on one line and without a version. */
export function lineForm<T>(what: string, shape: Shape<T>): StoredForm<T> {
  return storedForm(what, shape);
}

/** A value with the version of its form, which is 1. */
export type Versioned<T> = { readonly version: number } & T;

/** As {@link storedForm}, with a version that is only in the text. */
export function versioned<T extends object>(
  what: string,
  shape: Shape<Versioned<T>>,
): StoredForm<T> {
  const form = storedForm(what, shape, 2);
  return {
    what,
    encode: (value) => form.encode({ version: 1, ...value }),
    decode: (text) => {
      const { version: _, ...value } = form.decode(text);
      // Everything but the version is a T.
      return value as unknown as T;
    },
  };
}

function parseJson(text: string, what: string): unknown {
  if (text.length > MAX_LENGTH) throw damaged(what, "its length");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(what, "its form", error);
  }
}

function damaged(what: string, which: string, cause?: unknown): RuntimeError {
  return new RuntimeError(`${what} is damaged: ${which} is not as written`, {
    hint: "put it back from a backup; it is written by fail2ban-cluster only",
    cause,
  });
}
