/**
 * Texts that only protocol 2 has: ids, words, and text for logs.
 *
 * ```abnf
 * epoch    = 32hex
 * session  = 32hex
 * place    = 32hex
 * hex      = DIGIT / %x61-66            ; lower case
 * event-id = 16*64(ALPHA / DIGIT / "_" / "-")
 * word     = %x61-7A *31(%x61-7A / DIGIT / "-" / "_")
 * version  = 1*64(ALPHA / DIGIT / "." / "+" / "-" / "_")
 * plain    = %x20-21 / %x23-5B / %x5D-7E  ; printable ASCII that JSON writes as it is
 * ```
 *
 * @module
 */

import { parseEndpointUrl } from "../base/endpoint_url.ts";
import type { Epoch, EventId, PlaceId, SessionId } from "../base/ids.ts";
import { MAX_SECRET_LENGTH, MAX_WORDS_LENGTH } from "./v2_limits.ts";

const HEX_128 = /^[0-9a-f]{32}$/;
const EVENT_ID = /^[A-Za-z0-9_-]{16,64}$/;
const WORD = /^[a-z][a-z0-9_-]{0,31}$/;
const VERSION = /^[A-Za-z0-9.+_-]{1,64}$/;
const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_PLAIN = /[^ !#-[\]-~]/g;

/**
 * Reads an epoch.
 *
 * @param text Text from the wire or a database.
 * @returns The epoch; `undefined` when it is invalid.
 */
export function parseEpoch(text: string): Epoch | undefined {
  return HEX_128.test(text) ? text as Epoch : undefined;
}

/**
 * Reads the id of an event.
 *
 * @param text Text from the wire or a database.
 * @returns The id; `undefined` when it is invalid.
 */
export function parseEventId(text: string): EventId | undefined {
  return EVENT_ID.test(text) ? text as EventId : undefined;
}

/**
 * Reads the id of a session.
 *
 * @param text Text from the wire.
 * @returns The id; `undefined` when it is invalid.
 */
export function parseSessionId(text: string): SessionId | undefined {
  return HEX_128.test(text) ? text as SessionId : undefined;
}

/**
 * Reads the id of a place.
 *
 * @param text Text from the wire.
 * @returns The id; `undefined` when it is invalid.
 */
export function parsePlace(text: string): PlaceId | undefined {
  return HEX_128.test(text) ? text as PlaceId : undefined;
}

/** Reads a word that programs compare: the name of an action or a rule. */
export function parseWord(text: string): string | undefined {
  return WORD.test(text) ? text : undefined;
}

/** Reads a program's version. */
export function parseVersion(text: string): string | undefined {
  return VERSION.test(text) ? text : undefined;
}

/** Reads a token; it may be empty. */
export function parseSecret(text: string): string | undefined {
  return text.length <= MAX_SECRET_LENGTH && PLAIN.test(text)
    ? text
    : undefined;
}

/** Reads text for a log; it may be empty. */
export function parseWords(text: string): string | undefined {
  return text.length <= MAX_WORDS_LENGTH && PLAIN.test(text) ? text : undefined;
}

/** Reads a publisher's address for connections over a network. */
export function parseUrl(text: string): string | undefined {
  return text.startsWith("tcp:")
    ? parseEndpointUrl(text, "connect")
    : undefined;
}

/**
 * Makes any text valid for `detail` and `message`: `'` for quotes, `/` for
 * backslashes, `?` for other characters that are not printable ASCII, and at
 * most 200 characters.
 *
 * @param text Any text.
 * @returns Text that JSON needs no escapes for.
 *
 * @example
 * ```ts
 * import { plainText } from "./v2.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(plainText('Cannot read "a\\b"\n'), "Cannot read 'a/b'?");
 * ```
 */
export function plainText(text: string): string {
  return text.slice(0, MAX_WORDS_LENGTH).replace(
    NOT_PLAIN,
    (character) => character === '"' ? "'" : character === "\\" ? "/" : "?",
  );
}
