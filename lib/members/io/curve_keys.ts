/**
 * Creates keys and tokens.
 *
 * @module
 */

import {
  type CurveKeys,
  KEY_BYTES,
  parsePublicKey,
  parseSecretKey,
} from "../../zmq/curve_key.ts";
import { encodeZ85 } from "../../zmq/z85.ts";

const TOKEN_BYTES = 32;

/**
 * Creates a key pair. The keys of CURVE are those of X25519.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7748 | RFC 7748, X25519}
 * @see {@link https://rfc.zeromq.org/spec/26/ | ZeroMQ RFC 26, CurveZMQ}
 */
export async function newCurveKeys(): Promise<CurveKeys> {
  const made = await crypto.subtle.generateKey({ name: "X25519" }, true, [
    "deriveBits",
  ]);
  if (!("privateKey" in made)) throw new Error("Cannot make a key pair");
  const { d, x } = await crypto.subtle.exportKey("jwk", made.privateKey);
  const secretKey = parseSecretKey(keyText(d));
  const publicKey = parsePublicKey(keyText(x));
  if (secretKey === undefined || publicKey === undefined) {
    throw new Error("Cannot read the key pair that was made");
  }
  return { publicKey, secretKey };
}

/** Creates a token: 256 bits of the system's random generator, in base64url. */
export function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function keyText(base64url: string | undefined): string {
  const bytes = Uint8Array.fromBase64(base64url ?? "", {
    alphabet: "base64url",
  });
  return bytes.length === KEY_BYTES ? encodeZ85(bytes) : "";
}
