/**
 * Compares tokens.
 *
 * @module
 */

/**
 * Says which of the tokens that are good a token is. Every one is compared to
 * its end, so that time tells nothing of them.
 *
 * @param token What was sent.
 * @param tokens Those that are good.
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
