/**
 * The output of `fail2ban-client banned`: Python's text of a list of jails.
 *
 * ```abnf
 * output = "[" [ jail *("," jail) ] "]"
 * jail   = "{" [ name ":" addresses *("," name ":" addresses) ] "}"
 * addresses = "[" [ text *("," text) ] "]"
 * ; white space is allowed between any two of these
 * name = text
 * text = "'" *any "'" / DQUOTE *any DQUOTE       ; *any: no such quote, backslash or line end
 * ```
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { type ListEntry, readEntry } from "./list_entry.ts";

const TOKEN = /\s*([\[\]{},:]|'[^'\\\n]*'|"[^"\\\n]*")/y;

/** Whether a text begins like such output. */
export function isBannedOutput(text: string): boolean {
  return /^\s*\[\s*\{\s*(?:'|\})/.test(text);
}

/**
 * The addresses of all jails, numbered from 1.
 *
 * @throws {RuntimeError} when the text is something else.
 */
export function* bannedEntries(
  text: string,
): Generator<ListEntry, void, undefined> {
  const tokens = new Tokens(text);
  let at = 0;
  tokens.expect("[");
  if (tokens.take("]")) return tokens.end();
  do {
    tokens.expect("{");
    if (tokens.take("}")) continue;
    do {
      tokens.text();
      tokens.expect(":");
      tokens.expect("[");
      if (tokens.take("]")) continue;
      do yield readEntry(++at, tokens.text()); while (tokens.take(","));
      tokens.expect("]");
    } while (tokens.take(","));
    tokens.expect("}");
  } while (tokens.take(","));
  tokens.expect("]");
  tokens.end();
}

class Tokens {
  readonly #text: string;
  #at = 0;
  #next: string | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#advance();
  }

  take(token: string): boolean {
    if (this.#next !== token) return false;
    this.#advance();
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw notSuch();
  }

  text(): string {
    const token = this.#next ?? "";
    if (!/^['"]/.test(token)) throw notSuch();
    this.#advance();
    return token.slice(1, -1);
  }

  end(): void {
    const isOver = this.#next === undefined &&
      this.#text.slice(this.#at).trim() === "";
    if (!isOver) throw notSuch();
  }

  #advance(): void {
    TOKEN.lastIndex = this.#at;
    this.#next = TOKEN.exec(this.#text)?.[1];
    if (this.#next !== undefined) this.#at = TOKEN.lastIndex;
  }
}

function notSuch(): RuntimeError {
  return new RuntimeError(
    "the list is not what fail2ban-client banned prints",
    {
      hint: "--format says what it is; without it that is seen by looking",
    },
  );
}
