/**
 * Lays out help texts, and suggests corrections of typing errors.
 *
 * @module
 */

import { nearestName } from "../base/nearest_name.ts";

/** Maximum length of a line in a help text. */
const HELP_COLUMNS = 80;

/** Two columns, words and their meanings, in lines of at most 80 characters. */
export function helpColumns(
  rows: readonly (readonly [left: string, right: string])[],
): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    wrap(right, HELP_COLUMNS - width - 4).map((line, index) =>
      `  ${(index === 0 ? left : "").padEnd(width)}  ${line}`
    )
  );
}

/** `; did you mean X?`, or nothing when no known word is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestName(word, known);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}

/** Breaks a text at spaces; a word longer than a line stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
    }
  }
  return lines;
}
