/**
 * Compares tokens.
 *
 * @module
 */

/**
 * Says whether a token is one of those that are good. Every one is compared
 * to its end, so that time tells nothing of them.
 *
 * @param token What was sent.
 * @param tokens Those that are good.
 */
export function isKnownToken(
  token: string,
  tokens: readonly string[],
): boolean {
  let known = false;
  for (const candidate of tokens) {
    let difference = token.length ^ candidate.length;
    for (let index = 0; index < token.length; index++) {
      difference |= token.charCodeAt(index) ^ candidate.charCodeAt(index);
    }
    if (difference === 0) known = true;
  }
  return known;
}
