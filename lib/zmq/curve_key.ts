/**
 * Keys of CURVE, ZeroMQ's encryption, in ZeroMQ's text form.
 *
 * ```abnf
 * key = 40(ALPHA / DIGIT / "." / "-" / ":" / "+" / "=" / "^" / "!" / "/" /
 *          "*" / "?" / "&" / "<" / ">" / "(" / ")" / "[" / "]" / "{" / "}" /
 *          "@" / "%" / "$" / "#")       ; 32 bytes in Z85
 * ```
 *
 * @see {@link https://rfc.zeromq.org/spec/26/ | ZeroMQ RFC 26, CurveZMQ}
 * @see {@link https://rfc.zeromq.org/spec/32/ | ZeroMQ RFC 32, Z85}
 * @module
 */

import { decodeZ85 } from "./z85.ts";

/** The public half of a key pair; only {@link parsePublicKey} makes one. */
export type PublicKey = string & { readonly brand: "PublicKey" };
/** The secret half of a key pair; only {@link parseSecretKey} makes one. */
export type SecretKey = string & { readonly brand: "SecretKey" };

/** A key pair. */
export interface CurveKeys {
  /** Given to every peer. */
  readonly publicKey: PublicKey;
  /** Given to nobody. */
  readonly secretKey: SecretKey;
}

/** Length of a key, in bytes. */
export const KEY_BYTES = 32;

/**
 * Reads a public key.
 *
 * @param text Text from a file or a join code.
 * @returns The key; `undefined` when the text is not a key.
 *
 * @example
 * ```ts
 * import { parsePublicKey } from "./curve_key.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * // The client's public key of ZeroMQ RFC 26's test vectors.
 * const key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
 * strictEqual(parsePublicKey(key), key);
 * strictEqual(parsePublicKey(key.slice(1)), undefined);
 * ```
 */
export function parsePublicKey(text: string): PublicKey | undefined {
  return isKey(text) ? text as PublicKey : undefined;
}

/**
 * Reads a secret key.
 *
 * @param text Text from a file or a join code.
 * @returns The key; `undefined` when the text is not a key.
 */
export function parseSecretKey(text: string): SecretKey | undefined {
  return isKey(text) ? text as SecretKey : undefined;
}

function isKey(text: string): boolean {
  return decodeZ85(text)?.length === KEY_BYTES;
}
