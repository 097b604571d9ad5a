/**
 * Guesses the intended name behind a mistyped one.
 *
 * @module
 */

/**
 * Finds the known name with the smallest edit distance.
 *
 * @param word The mistyped word, in any case.
 * @param known The valid names.
 * @returns The nearest, or `undefined` when none is near: more than a third of
 * the letters, and more than two, differ.
 *
 * @example
 * ```ts
 * import { nearestName } from "./nearest_name.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(nearestName("pidfiel", ["auth", "pidfile"]), "pidfile");
 * strictEqual(nearestName("colour", ["auth", "pidfile"]), undefined);
 * ```
 */
export function nearestName(
  word: string,
  known: readonly string[],
): string | undefined {
  if (word.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance && distance < name.length) {
      [best, bestDistance] = [name, distance];
    }
  }
  return best;
}

/** The Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
