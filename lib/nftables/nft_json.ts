/**
 * Reads the JSON that `nft` writes directly from its bytes: a table of a
 * million elements would be too large as text and objects.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259 | RFC 8259}
 * @module
 */

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  ...[0x5b, 0x5d],
  ...[0x7b, 0x7d],
] as const;
const [SPACE, ZERO, NINE, DOT] = [0x20, 0x30, 0x39, 0x2e];
const END = -1;
/** A whole number of at most so many digits is exact as a `number`. */
const MAX_DIGITS = 15;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Where a string is in the bytes, without its quotes. */
export interface JsonText {
  readonly from: number;
  readonly to: number;
  /** Whether it has escapes. */
  readonly isEscaped: boolean;
}

/** Encodes a name to compare with; see {@link JsonBytes.is}. */
export function jsonName(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/**
 * A cursor over JSON. Of a value that it passes over it checks only brackets
 * and quotes. A read that meets another kind of value throws a `SyntaxError`.
 *
 * @example
 * ```ts
 * import { JsonBytes, jsonName } from "./nft_json.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const json = new JsonBytes(new TextEncoder().encode('{"a": [7, 8], "b": {}}'));
 * let sum = 0;
 * json.members((name) => {
 *   if (json.is(name, jsonName("a"))) json.items(() => sum += json.number());
 *   else json.pass();
 * });
 * json.end();
 * strictEqual(sum, 15);
 * ```
 */
export class JsonBytes {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes UTF-8. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The cursor's position; may be set back to an earlier one. */
  get at(): number {
    return this.#at;
  }

  set at(at: number) {
    this.#at = at;
  }

  /** Whether a string follows. */
  get isText(): boolean {
    return this.#peek() === QUOTE;
  }

  /** Whether an object follows. */
  get isObject(): boolean {
    return this.#peek() === OPEN_OBJECT;
  }

  /**
   * Reads an object.
   *
   * @param read Gets each member's name, and reads or passes its value.
   */
  members(read: (name: JsonText) => void): void {
    this.#expect(OPEN_OBJECT);
    this.#each(CLOSE_OBJECT, () => {
      const name = this.text();
      this.#expect(COLON);
      read(name);
    });
  }

  /**
   * Reads a list.
   *
   * @param read Reads or passes each item.
   */
  items(read: () => void): void {
    this.#expect(OPEN_LIST);
    this.#each(CLOSE_LIST, read);
  }

  /** Reads a string. */
  text(): JsonText {
    this.#expect(QUOTE);
    const bytes = this.#bytes;
    const from = this.#at;
    let [at, isEscaped] = [from, false];
    for (; bytes[at] !== QUOTE; at++) {
      if (at >= bytes.length) throw new SyntaxError("A string has no end");
      if (bytes[at] !== BACKSLASH) continue;
      isEscaped = true;
      at++;
    }
    this.#at = at + 1;
    return { from, to: at, isEscaped };
  }

  /** Reads a number. */
  number(): number {
    this.#peek();
    const bytes = this.#bytes;
    const from = this.#at;
    let [at, value] = [from, 0];
    for (; isDigit(bytes[at]); at++) {
      value = value * 10 + ((bytes[at] ?? 0) - ZERO);
    }
    this.#at = at;
    const isExact = at > from && at - from <= MAX_DIGITS;
    if (isExact && isAfterValue(bytes[at])) return value;
    this.#at = from;
    return numberOf(this.#word());
  }

  /** Passes over a value. */
  pass(): void {
    const next = this.#peek();
    if (next === QUOTE) {
      this.text();
    } else if (next === OPEN_LIST || next === OPEN_OBJECT) {
      this.#passBrackets();
    } else if (this.#word() === "") {
      throw new SyntaxError("A value is missing");
    }
  }

  /** Whether a string is a name. */
  is(text: JsonText, name: Uint8Array): boolean {
    const { from, to, isEscaped } = text;
    if (isEscaped) return this.textOf(text) === DECODER.decode(name);
    if (to - from !== name.length) return false;
    for (let at = 0; at < name.length; at++) {
      if (this.#bytes[from + at] !== name[at]) return false;
    }
    return true;
  }

  /** A string as text. */
  textOf({ from, to, isEscaped }: JsonText): string {
    if (!isEscaped) return DECODER.decode(this.#bytes.subarray(from, to));
    const quoted = this.#bytes.subarray(from - 1, to + 1);
    return String(JSON.parse(DECODER.decode(quoted)));
  }

  /** The string, if it is a single IPv4 address in canonical form. */
  ipv4Of({ from, to }: JsonText): string | undefined {
    const bytes = this.#bytes;
    let [a, b, c, d, octets, digits] = [0, 0, 0, 0, 0, 0];
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === DOT && digits > 0 && octets < 3) {
        [a, b, c, d] = [b, c, d, 0];
        octets++;
        digits = 0;
      } else if (isDigit(byte) && !(digits > 0 && d === 0)) {
        d = d * 10 + byte - ZERO;
        digits++;
        if (d > 255) return undefined;
      } else return undefined;
    }
    return octets === 3 && digits > 0 ? `${a}.${b}.${c}.${d}` : undefined;
  }

  /** Checks that nothing follows. */
  end(): void {
    if (this.#peek() !== END) throw new SyntaxError("More than one value");
  }

  #each(close: number, read: () => void): void {
    if (this.#peek() === close) {
      this.#at++;
      return;
    }
    while (true) {
      read();
      const next = this.#peek();
      this.#at++;
      if (next === close) return;
      if (next !== COMMA) throw new SyntaxError("A comma is missing");
    }
  }

  #passBrackets(): void {
    let depth = 0;
    do {
      const next = this.#peek();
      if (next === END) throw new SyntaxError("A bracket is not closed");
      if (next === QUOTE) {
        this.text();
        continue;
      }
      if (next === OPEN_LIST || next === OPEN_OBJECT) depth++;
      if (next === CLOSE_LIST || next === CLOSE_OBJECT) depth--;
      this.#at++;
    } while (depth > 0);
  }

  /** Reads up to the next punctuation: a number, `true`, `false` or `null`. */
  #word(): string {
    const from = this.#at;
    while (!isAfterValue(this.#bytes[this.#at])) this.#at++;
    return DECODER.decode(this.#bytes.subarray(from, this.#at));
  }

  #expect(byte: number): void {
    if (this.#peek() !== byte) {
      const what = String.fromCharCode(byte);
      throw new SyntaxError(`There is no ${what} at byte ${this.#at}`);
    }
    this.#at++;
  }

  /** Skips white space. @returns The next byte. */
  #peek(): number {
    const bytes = this.#bytes;
    while ((bytes[this.#at] ?? NINE) <= SPACE) this.#at++;
    return bytes[this.#at] ?? END;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/** Whether a number or word ends before this byte. */
function isAfterValue(byte: number | undefined): boolean {
  return byte === undefined || byte <= SPACE || byte === COMMA ||
    byte === CLOSE_LIST || byte === CLOSE_OBJECT || byte === QUOTE ||
    byte === COLON || byte === OPEN_LIST || byte === OPEN_OBJECT;
}

function numberOf(word: string): number {
  const value: unknown = JSON.parse(word);
  if (typeof value === "number") return value;
  throw new SyntaxError("It is no number");
}
