import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parsePublicKey } from "../../lib/zmq/curve_key.ts";
import type { Frames } from "../../lib/zmq/ports.ts";
import { decodeZ85 } from "../../lib/zmq/z85.ts";
import { decodeZapRequest, encodeZapReply } from "../../lib/zmq/zap_codec.ts";
import { frames, texts } from "../support/memory/memory_socket.ts";

const KEY = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
const KEY_BYTES = decodeZ85(KEY) ?? new Uint8Array();

/** A question as libzmq 4.3.5 asks it. */
function request(mechanism: string, credentials: Frames): Uint8Array[] {
  return [
    ...frames("", "1.0", "1", "cluster", "198.51.100.7", "", mechanism),
    ...credentials,
  ];
}

const CURVE = request("CURVE", [KEY_BYTES]);

Deno.test("decodeZapRequest gives the key of a CURVE peer", () => {
  deepStrictEqual(decodeZapRequest(CURVE), {
    id: frames("1")[0],
    domain: "cluster",
    address: "198.51.100.7",
    publicKey: parsePublicKey(KEY),
  });
});

Deno.test("decodeZapRequest gives no key for NULL and PLAIN", () => {
  for (
    const asked of [
      request("NULL", []),
      request("PLAIN", frames("root", "secret")),
    ]
  ) {
    strictEqual(decodeZapRequest(asked)?.publicKey, undefined);
    strictEqual(decodeZapRequest(asked)?.domain, "cluster");
  }
});

function without(at: number): Frames {
  return CURVE.filter((_, index) => index !== at);
}

function withFrame(at: number, frame: Uint8Array | string): Frames {
  const bytes = typeof frame === "string"
    ? new TextEncoder().encode(frame)
    : frame;
  return CURVE.map((before, index) => index === at ? bytes : before);
}

const LONG = "a".repeat(256);

const REFUSED: readonly (readonly [string, Frames])[] = [
  ["nothing", []],
  ...CURVE.map((_, at) => [`no frame ${at}`, without(at)] as const),
  ["a delimiter with something in it", withFrame(0, "x")],
  ["another version", withFrame(1, "1.1")],
  ["an empty id", withFrame(2, "")],
  ["an id that is too long", withFrame(2, LONG)],
  ["a domain that is too long", withFrame(3, LONG)],
  ["a domain with a space", withFrame(3, "a b")],
  ["an address that is no ASCII", withFrame(4, "\u00e4")],
  ["an address with a line's end", withFrame(4, "198.51.100.7\n")],
  ["an identity that is too long", withFrame(5, LONG)],
  ["a mechanism that nobody knows", withFrame(6, "curve")],
  ["no mechanism", withFrame(6, "")],
  ["a key that is too short", withFrame(7, KEY_BYTES.slice(1))],
  ["a key as text", withFrame(7, KEY)],
  ["two keys", [...CURVE, KEY_BYTES]],
  ["NULL with a credential", request("NULL", [KEY_BYTES])],
  ["PLAIN with one credential", request("PLAIN", frames("root"))],
];

for (const [what, asked] of REFUSED) {
  Deno.test(`decodeZapRequest refuses ${what}`, () => {
    strictEqual(decodeZapRequest(asked), undefined);
  });
}

Deno.test("encodeZapReply repeats the id, and says who is no member", () => {
  const id = new Uint8Array([0, 255]);
  strictEqual(encodeZapReply({ id }, true)[2], id);
  const seven = { id: new TextEncoder().encode("7") };
  deepStrictEqual(texts(encodeZapReply(seven, true)), [
    "",
    "1.0",
    "7",
    "200",
    "OK",
    "",
    "",
  ]);
  deepStrictEqual(texts(encodeZapReply(seven, false)), [
    "",
    "1.0",
    "7",
    "400",
    "not a member",
    "",
    "",
  ]);
});
