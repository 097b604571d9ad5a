/**
 * The digest of a node's token, which the publisher stores instead of the
 * token: a reader of the list of members can't connect with it.
 *
 * A token has 256 random bits, so one round of a fast hash is enough.
 *
 * @module
 */

import type { TokenDigest } from "./member.ts";

const GRAMMAR = /^[0-9a-f]{64}$/;

/**
 * Digests a token.
 *
 * @param token The secret.
 *
 * @example
 * ```ts
 * import { digestToken } from "./token_digest.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   await digestToken("abc"),
 *   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
 * );
 * ```
 */
export async function digestToken(token: string): Promise<TokenDigest> {
  const bytes = new TextEncoder().encode(token);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex() as TokenDigest;
}

/**
 * Reads a digest.
 *
 * @param text Text from a file.
 * @returns The digest, or `undefined` when the text is not one.
 */
export function parseTokenDigest(text: string): TokenDigest | undefined {
  return GRAMMAR.test(text) ? text as TokenDigest : undefined;
}
