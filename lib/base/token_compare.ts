/**
 * Compares tokens.
 *
 * @module
 */

/**
 * Finds a token among the valid ones. Each is compared to its end, so that the
 * time taken tells nothing about them.
 *
 * @param token What was sent.
 * @param tokens The valid ones.
 * @returns The place of the last that is equal, from 0; `undefined`: it is none of them.
 */
export function knownTokenAt(
  token: string,
  tokens: readonly string[],
): number | undefined {
  let knownAt: number | undefined;
  for (const [at, candidate] of tokens.entries()) {
    let difference = token.length ^ candidate.length;
    for (let index = 0; index < token.length; index++) {
      difference |= token.charCodeAt(index) ^ candidate.charCodeAt(index);
    }
    if (difference === 0) knownAt = at;
  }
  return knownAt;
}
