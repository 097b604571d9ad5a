import { createPrivateKey, createPublicKey } from "node:crypto";
import { match, notStrictEqual, strictEqual } from "node:assert/strict";
import { curveKeyPair } from "zeromq";
import { newCurveKeys, newToken } from "../../../lib/members/io/curve_keys.ts";
import { parseNodeToken } from "../../../lib/members/identity_forms.ts";
import { decodeZ85, encodeZ85 } from "../../../lib/zmq/z85.ts";

/** Before the 32 bytes of a secret key of X25519 in PKCS #8: RFC 8410, section 7. */
const PKCS8 = "302e020100300506032b656e04220420";
const PUBLIC_BYTES = 32;

/** The public key of a secret one, by another implementation than the one under test. */
function publicOf(secretKey: string): string {
  const bytes = decodeZ85(secretKey);
  if (bytes === undefined) throw new Error("Not a key");
  const key = createPrivateKey(
    {
      key: new Uint8Array([...Uint8Array.fromHex(PKCS8), ...bytes]),
      format: "der",
      type: "pkcs8",
    } as unknown as Parameters<typeof createPrivateKey>[0],
  );
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return encodeZ85(new Uint8Array(der).slice(-PUBLIC_BYTES));
}

Deno.test("the halves of a new key pair belong together, as those of libzmq's do", async () => {
  const libzmqs = curveKeyPair();
  strictEqual(publicOf(libzmqs.secretKey), libzmqs.publicKey);
  const made = await newCurveKeys();
  strictEqual(publicOf(made.secretKey), made.publicKey);
});

Deno.test("no key pair and no token is made twice", async () => {
  notStrictEqual(
    (await newCurveKeys()).secretKey,
    (await newCurveKeys()).secretKey,
  );
  const token = newToken();
  match(token, /^[\w-]{43}$/);
  strictEqual(parseNodeToken(token), token);
  notStrictEqual(newToken(), token);
});
