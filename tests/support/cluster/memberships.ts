/**
 * Memberships as values.
 *
 * @module
 */

import {
  type CurveKeys,
  parsePublicKey,
  parseSecretKey,
} from "../../../lib/zmq/curve_key.ts";
import type { Membership } from "../../../lib/members/member.ts";
import { encodeZ85 } from "../../../lib/zmq/z85.ts";
import { host } from "../values/core_values.ts";

/** Key halves that do not match: for tests in which nobody connects. */
export function keysOf(publicByte: number, secretByte: number): CurveKeys {
  const text = (byte: number) => encodeZ85(new Uint8Array(32).fill(byte));
  const publicKey = parsePublicKey(text(publicByte));
  const secretKey = parseSecretKey(text(secretByte));
  if (publicKey === undefined || secretKey === undefined) {
    throw new Error("Not a key");
  }
  return { publicKey, secretKey };
}

/** A membership of a node. */
export function membership(
  name: string,
  others: Partial<Membership> = {},
): Membership {
  return {
    node: host(name),
    keys: keysOf(1, 2),
    publisherKey: keysOf(3, 4).publicKey,
    token: new Uint8Array(32).fill(5).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    }),
    controlUrl: "tcp://192.0.2.10:5681",
    streamUrl: "tcp://192.0.2.10:5682",
    ...others,
  };
}
