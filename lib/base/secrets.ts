/**
 * Says which values are secrets, which placeholders are not, and which names
 * precede a secret; compares tokens.
 *
 * @module
 */

import { nearestName } from "./nearest_name.ts";

/** A shorter secret may well occur in other words. */
export const MIN_SECRET_LENGTH = 8;

/** The token in the shipped file. It must never be sent. */
export const SHIPPED_TOKEN = "CHANGE_ME";

/** The tokens in the original's shipped file. */
export const ORIGINAL_PLACEHOLDERS: readonly string[] = [
  "ASK_buanzo@buanzo.com.ar_FOR_A_TOKEN",
  "IF_YOU_RUN_YOUR_OWN_PUBLISHER_JUST_TYPE_A_SECRET_STRING_HERE_AND_GIVE_IT_TO_YOUR_MONITORS",
];

/**
 * Finds a token among the valid ones. It compares each one to the end, so that
 * the time taken reveals nothing about them.
 *
 * @param token The token to check.
 * @param tokens The valid tokens.
 * @returns The index of the last equal one; `undefined`: it is none of them.
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

/** Configuration keys whose values are secrets. */
const OWN = ["authtoken", "password", "heartbeaturl", "webhookurl"];
const OTHERS = /token|passw|passphrase|secret|credential|apikey|authorization/;

/**
 * Whether the value after a name may be a secret.
 *
 * @param name A key, a field or a parameter.
 *
 * @example
 * ```ts
 * import { isSecretName } from "./secrets.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const names = ["authtoken", "authtokne", "list:web.pasword", "listpasswords", "pidfile"];
 * deepStrictEqual(names.filter(isSecretName), names.slice(0, 4));
 * ```
 */
export function isSecretName(name: string): boolean {
  const words = name.toLowerCase().split(/[.:]/);
  const parts = words.flatMap((word) => word.split(/[_-]/));
  return [...words, ...parts].some((word) => {
    const letters = word.replace(/[^a-z]/g, "");
    return OTHERS.test(letters) || nearestName(letters, OWN) !== undefined;
  });
}
