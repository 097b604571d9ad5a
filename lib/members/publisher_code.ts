/**
 * The code that makes a host another publisher of a cluster: the cluster's own
 * keys, and the location of the shared table, on one line.
 *
 * ```abnf
 * code     = "F2BP" version body check
 * version  = "1"
 * body     = 1*base64url               ; JSON, without padding
 * check    = 7(%x61-7A / DIGIT)        ; checksum of all before it, in base 36
 * base64url = ALPHA / DIGIT / "-" / "_"
 * ```
 *
 * @module
 */

import { checksum } from "../base/checksum.ts";
import { RuntimeError } from "../base/errors.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import { lineForm } from "../base/json_form.ts";
import { list, orNull, record, type Shape, text } from "../base/json_shape.ts";
import { IDENTITY_SHAPE } from "./identity_forms.ts";
import type { CurveKeys } from "../zmq/curve_key.ts";
import type { PublisherAddress } from "./member.ts";

/** What a new publisher receives from an existing one. */
export interface PublisherGift extends PublisherAddress {
  /** Its name. */
  readonly name: HostName;
  /** The cluster's keys, which all publishers have. */
  readonly keys: CurveKeys;
  readonly engine: GivenEngine;
}

/** Location of the shared table. */
export interface GivenEngine {
  /** URLs of etcd's members. */
  readonly urls: readonly string[];
  /** Prefix of all keys. */
  readonly prefix: string;
  /** The certificate authority as PEM; `null`: the system's. */
  readonly authority: string | null;
  /** `USER:PASSWORD`; `null`: etcd requires no login. */
  readonly login: string | null;
}

const PREFIX = "F2BP1";
const CHECK_DIGITS = 7;
/** Maximum length of a code: a bundle of several authorities fits. */
const MAX_LENGTH = 65_536;
const HINT = "it is the one line that fail2ban-cluster publisher add printed";
const ALPHABET = { alphabet: "base64url" } as const;

const shortText = (name: string) =>
  text(name, (value) => value.length <= 32_768 ? value : undefined);
const gift: Shape<PublisherGift> = record<PublisherGift>({
  name: text("name", parseHostName),
  ...IDENTITY_SHAPE,
  engine: record<GivenEngine>({
    urls: list("urls", shortText("urls"), 1, 100),
    prefix: shortText("prefix"),
    authority: orNull(shortText("authority")),
    login: orNull(shortText("login")),
  }),
});
const FORM = lineForm("what a publisher is given", gift);

/**
 * Writes a code. It is the cluster's secret: its holder can act as the
 * publisher.
 */
export function encodePublisherCode(given: PublisherGift): string {
  const bytes = new TextEncoder().encode(FORM.encode(given));
  const body = bytes.toBase64({ ...ALPHABET, omitPadding: true });
  return `${PREFIX}${body}${check(`${PREFIX}${body}`)}`;
}

/**
 * Reads a code.
 *
 * @param code The pasted text; white space around it is ignored.
 * @throws {RuntimeError} when it is not a code, or damaged.
 *
 * @example
 * ```ts
 * import { decodePublisherCode } from "./publisher_code.ts";
 * import { throws } from "node:assert/strict";
 *
 * throws(() => decodePublisherCode("F2BC1AA"), /no publisher's code/);
 * ```
 */
export function decodePublisherCode(code: string): PublisherGift {
  const typed = code.trim();
  if (!typed.startsWith(PREFIX)) {
    throw new RuntimeError("this is no publisher's code", { hint: HINT });
  }
  const body = typed.slice(PREFIX.length, -CHECK_DIGITS);
  const isWhole = typed.length <= MAX_LENGTH &&
    /^[A-Za-z0-9_-]+$/.test(body) &&
    check(`${PREFIX}${body}`) === typed.slice(-CHECK_DIGITS);
  if (!isWhole) {
    throw new RuntimeError(
      "this publisher's code is damaged: a character is missing, or another than it was",
      { hint: HINT },
    );
  }
  try {
    const bytes = Uint8Array.fromBase64(body, ALPHABET);
    return FORM.decode(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RuntimeError(
      "this publisher's code is of another version of fail2ban-cluster",
      { hint: HINT, cause: error },
    );
  }
}

function check(words: string): string {
  return checksum(words).toString(36).padStart(CHECK_DIGITS, "0");
}
