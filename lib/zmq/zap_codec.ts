/**
 * libzmq's requests about a peer that connects, and the replies.
 *
 * ```abnf
 * request     = delimiter version request-id domain address identity
 *               mechanism *2credential
 * reply       = delimiter version request-id status-code status-text user-id
 *               metadata
 * delimiter   = ""                ; each is a frame
 * version     = "1.0"
 * request-id  = 1*255OCTET
 * domain      = *255VCHAR
 * address     = *255VCHAR         ; where the peer's connection comes from
 * identity    = *255OCTET         ; what the peer says of itself
 * mechanism   = "NULL" / "PLAIN" / "CURVE"
 * status-code = "200" / "400"
 * ```
 *
 * NULL has no credential, PLAIN two, CURVE one: the peer's public key. The peer
 * has proven that it has the secret key.
 *
 * @see {@link https://rfc.zeromq.org/spec/27/ | ZeroMQ RFC 27, ZAP}
 * @module
 */

import { KEY_BYTES, parsePublicKey, type PublicKey } from "./curve_key.ts";
import type { Frames } from "./ports.ts";
import { encodeZ85 } from "./z85.ts";

/** A request about a peer. */
export interface ZapRequest {
  /** Identifies the request; the reply repeats it. */
  readonly id: Uint8Array;
  /** The ZAP domain of the socket that the peer connects to. */
  readonly domain: string;
  /** The address that the peer connects from. */
  readonly address: string;
  /** The peer's key; `undefined`: its mechanism is not CURVE. */
  readonly publicKey: PublicKey | undefined;
}

const VERSION = "1.0";
const MAX_BYTES = 255;
const TEXT = /^[\x21-\x7e]*$/;
/** Number of credentials of each mechanism. */
const CREDENTIALS: ReadonlyMap<string, number> = new Map([
  ["NULL", 0],
  ["PLAIN", 2],
  ["CURVE", 1],
]);
const TO_TEXT = new TextDecoder();
const TO_BYTES = new TextEncoder();
const EMPTY = new Uint8Array();

/**
 * Decodes a request.
 *
 * @param frames All frames, including the delimiter.
 * @returns The request; `undefined` when the frames are not a request.
 *
 * @example
 * ```ts
 * import { decodeZapRequest } from "./zap_codec.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const frames = ["", "1.0", "1", "cluster", "198.51.100.7", "", "NULL"]
 *   .map((text) => new TextEncoder().encode(text));
 * strictEqual(decodeZapRequest(frames)?.address, "198.51.100.7");
 * strictEqual(decodeZapRequest(frames.slice(1)), undefined);
 * ```
 */
export function decodeZapRequest(frames: Frames): ZapRequest | undefined {
  const [delimiter, ver, id, domain, address, identity, mechanism, ...rest] =
    frames;
  if (delimiter?.length !== 0 || textOf(ver) !== VERSION) return undefined;
  if (id === undefined || id.length === 0 || id.length > MAX_BYTES) {
    return undefined;
  }
  const [domainText, addressText] = [textOf(domain), textOf(address)];
  if (domainText === undefined || addressText === undefined) return undefined;
  if (identity === undefined || identity.length > MAX_BYTES) return undefined;
  const name = textOf(mechanism) ?? "";
  if (CREDENTIALS.get(name) !== rest.length) return undefined;
  const request = { id, domain: domainText, address: addressText };
  if (name !== "CURVE") return { ...request, publicKey: undefined };
  const [key = EMPTY] = rest;
  if (key.length !== KEY_BYTES) return undefined;
  return { ...request, publicKey: parsePublicKey(encodeZ85(key)) };
}

/**
 * Encodes a reply.
 *
 * @param request The request to answer.
 * @param isAdmitted Whether the peer is admitted.
 * @returns All frames, including the delimiter.
 */
export function encodeZapReply(
  { id }: Pick<ZapRequest, "id">,
  isAdmitted: boolean,
): Frames {
  const [code, text] = isAdmitted ? ["200", "OK"] : ["400", "not a member"];
  const bytes = (value: string) => TO_BYTES.encode(value);
  return [EMPTY, bytes(VERSION), id, bytes(code), bytes(text), EMPTY, EMPTY];
}

function textOf(frame: Uint8Array | undefined): string | undefined {
  if (frame === undefined || frame.length > MAX_BYTES) return undefined;
  const text = TO_TEXT.decode(frame);
  return TEXT.test(text) ? text : undefined;
}
