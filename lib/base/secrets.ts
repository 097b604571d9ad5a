/**
 * What counts as a secret, the placeholders that do not, which names stand
 * before one, and how tokens are compared.
 *
 * @module
 */

import { nearestName } from "./nearest_name.ts";

/** A shorter secret may well be a part of other words. */
export const MIN_SECRET_LENGTH = 8;

/** The token that the shipped file has. It must not leave the machine. */
export const SHIPPED_TOKEN = "CHANGE_ME";

/** The tokens that the original's file is shipped with. */
export const ORIGINAL_PLACEHOLDERS: readonly string[] = [
  "ASK_buanzo@buanzo.com.ar_FOR_A_TOKEN",
  "IF_YOU_RUN_YOUR_OWN_PUBLISHER_JUST_TYPE_A_SECRET_STRING_HERE_AND_GIVE_IT_TO_YOUR_MONITORS",
];

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

/** Keys of the configuration whose value is a secret. */
const OWN = ["authtoken", "password", "heartbeaturl", "webhookurl"];
const OTHERS = /token|passw|passphrase|secret|credential|apikey|authorization/;

/**
 * Whether what stands after a name may be a secret.
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
