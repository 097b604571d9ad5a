/**
 * The join code: everything that a node needs to join, on one line that can be
 * copied and pasted.
 *
 * ```abnf
 * code     = "F2BC" version body check
 * version  = "1"
 * body     = 1*base64url               ; without padding
 * check    = 7(%x61-7A / DIGIT)        ; checksum of all before it, in base 36
 * base64url = ALPHA / DIGIT / "-" / "_"
 * ```
 *
 * The body consists of 32 bytes each of the publisher's key, the node's public
 * key, its secret key and the token. Then follow, in UTF-8 and separated by
 * line feeds, the node's name, `controlUrl` and `streamUrl`, and the two URLs
 * of each other publisher.
 *
 * @module
 */

import { parsePublicKey, parseSecretKey } from "../zmq/curve_key.ts";
import { parseEndpointUrl } from "../base/endpoint_url.ts";
import { parseHostName } from "../base/host_name.ts";
import type { Membership, PublisherAddress } from "./member.ts";
import { MAX_PUBLISHERS } from "./member_list_form.ts";
import { checksum } from "../base/checksum.ts";
import { decodeZ85, encodeZ85 } from "../zmq/z85.ts";

/** Why a text is not a usable join code. */
export type JoinCodeFault =
  /** It does not begin like one. */
  | "none"
  /** Its version is unknown to this program. */
  | "version"
  /** It begins like one but contains white space, perhaps from a line break. */
  | "broken"
  /** It begins like one, but characters are missing, added or changed. */
  | "damaged";

/** The contents of a code. */
export interface Joining extends Membership {
  /** Addresses of the other publishers. @default {[]} */
  readonly others?: readonly PublisherAddress[];
}

/** The result of reading a text. */
export type ReadJoinCode =
  | { readonly ok: true; readonly value: Joining }
  | { readonly ok: false; readonly fault: JoinCodeFault };

const PREFIX = "F2BC";
const VERSION = "1";
const CHECK_DIGITS = 7;
const PART_BYTES = 32;
const PARTS = 4;
/**
 * Maximum length of a code: a name and two URLs for each publisher, each of
 * maximum length.
 */
const MAX_LENGTH = 8_000;
const CODE = /^F2BC1[A-Za-z0-9_-]+$/;
const ALPHABET = { alphabet: "base64url" } as const;
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Writes a code. It is a secret: whoever has it can join as that node.
 *
 * @param membership The node's membership.
 * @throws {TypeError} when a key or the token is malformed.
 */
export function encodeJoinCode(membership: Joining): string {
  const { node, keys, publisherKey, token, others = [] } = membership;
  const parts = [
    decodeZ85(publisherKey),
    decodeZ85(keys.publicKey),
    decodeZ85(keys.secretKey),
    Uint8Array.fromBase64(token, ALPHABET),
  ];
  const words = new TextEncoder().encode(
    [
      node,
      ...[membership, ...others].flatMap((each) => [
        each.controlUrl,
        each.streamUrl,
      ]),
    ].join("\n"),
  );
  const bytes = new Uint8Array(PARTS * PART_BYTES + words.length);
  parts.forEach((part, index) => {
    if (part?.length !== PART_BYTES) throw new TypeError("Cannot write a key");
    bytes.set(part, index * PART_BYTES);
  });
  bytes.set(words, PARTS * PART_BYTES);
  const body = bytes.toBase64({ ...ALPHABET, omitPadding: true });
  const text = `${PREFIX}${VERSION}${body}`;
  return `${text}${check(text)}`;
}

/**
 * Reads a code.
 *
 * @param code The pasted text. White space around it is ignored; within it, it
 * is damage.
 *
 * @example
 * ```ts
 * import { decodeJoinCode } from "./join_code.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(decodeJoinCode("hello"), { ok: false, fault: "none" });
 * deepStrictEqual(decodeJoinCode("F2BC2AA"), { ok: false, fault: "version" });
 * ```
 */
export function decodeJoinCode(code: string): ReadJoinCode {
  const text = code.trim();
  if (!text.startsWith(PREFIX)) return faulty("none");
  if (text.charAt(PREFIX.length) !== VERSION) return faulty("version");
  if (/\s/.test(text)) return faulty("broken");
  if (text.length > MAX_LENGTH || !CODE.test(text)) return faulty("damaged");
  const checked = text.slice(0, -CHECK_DIGITS);
  if (check(checked) !== text.slice(-CHECK_DIGITS)) return faulty("damaged");
  const value = readBody(checked.slice(PREFIX.length + VERSION.length));
  return value !== undefined && encodeJoinCode(value) === text
    ? { ok: true, value }
    : faulty("damaged");
}

function readBody(body: string): Joining | undefined {
  const bytes = attempt(() => Uint8Array.fromBase64(body, ALPHABET));
  if (bytes === undefined || bytes.length < PARTS * PART_BYTES) {
    return undefined;
  }
  const part = (index: number) =>
    bytes.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
  const words = attempt(() =>
    DECODER.decode(bytes.subarray(PARTS * PART_BYTES))
  )?.split("\n");
  const [name = "", ...urls] = words ?? [];
  const node = parseHostName(name);
  const [address, ...others] = addressesOf(urls) ?? [];
  const publisherKey = parsePublicKey(encodeZ85(part(0)));
  const publicKey = parsePublicKey(encodeZ85(part(1)));
  const secretKey = parseSecretKey(encodeZ85(part(2)));
  const token = part(3).toBase64({ ...ALPHABET, omitPadding: true });
  if (
    node === undefined || address === undefined ||
    publisherKey === undefined || publicKey === undefined ||
    secretKey === undefined
  ) return undefined;
  const keys = { publicKey, secretKey };
  const membership = { node, keys, publisherKey, token, ...address };
  return others.length === 0 ? membership : { ...membership, others };
}

function addressesOf(
  urls: readonly string[],
): readonly PublisherAddress[] | undefined {
  if (urls.length % 2 !== 0 || urls.length > 2 * MAX_PUBLISHERS) {
    return undefined;
  }
  const read = urls.map((url) => parseEndpointUrl(url, "connect"));
  const addresses: PublisherAddress[] = [];
  for (let at = 0; at < read.length; at += 2) {
    const [controlUrl, streamUrl] = read.slice(at, at + 2);
    if (controlUrl === undefined || streamUrl === undefined) return undefined;
    addresses.push({ controlUrl, streamUrl });
  }
  return addresses;
}

/** Runs a conversion; `undefined` when it throws. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

function check(text: string): string {
  return checksum(text).toString(36).padStart(CHECK_DIGITS, "0");
}

function faulty(fault: JoinCodeFault): ReadJoinCode {
  return { ok: false, fault };
}
