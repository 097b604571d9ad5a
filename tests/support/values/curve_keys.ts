import { curveKeyPair } from "zeromq";
import {
  type CurveKeys,
  parsePublicKey,
  parseSecretKey,
} from "../../../lib/zmq/curve_key.ts";

/** Creates a key pair with libzmq. */
export function newCurveKeys(): CurveKeys {
  const made = curveKeyPair();
  const publicKey = parsePublicKey(made.publicKey);
  const secretKey = parseSecretKey(made.secretKey);
  if (publicKey === undefined || secretKey === undefined) {
    throw new Error("libzmq made keys that are none");
  }
  return { publicKey, secretKey };
}
