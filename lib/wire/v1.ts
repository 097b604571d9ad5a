/**
 * Protocol 1: the wire of fail2ban-zmq-tools, unchanged.
 *
 * A monitor sends requests over REQ; the publisher answers over REP and
 * broadcasts over PUB. Every message is one frame of UTF-8 text:
 *
 * ```abnf
 * request     = [token "|"] message    ; the token exactly when one is demanded
 * reply       = message / "NAK"        ; the request without its token
 * broadcast   = message / list "|" jail "|" action "|" address
 * message     = host "|" jail "|" action "|" address
 * list        = <an import, as in operator_name.ts>
 * action      = "Ban" / "Unban"        ; in any case
 * token       = 1*256(%x20-7B / %x7D-7E)  ; printable ASCII, no "|"
 * host        = <as in host_name.ts>
 * jail        = <as in jail_name.ts>
 * address     = <as in address.ts>
 * ```
 *
 * Decoding rejects and never repairs: size, then frames, then text, then
 * fields, then each field's grammar. A rejected value is never quoted, because
 * it may contain a token.
 *
 * @module
 */

import { MAX_ADDRESS_LENGTH, parseAddress } from "../base/address.ts";
import type { BanEvent, BanKind } from "../ban/ban_event.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import { parseOrigin } from "../base/operator_name.ts";
import { parseJailName } from "../base/jail_name.ts";
import { knownTokenAt } from "../base/secrets.ts";
import type { Frames } from "../zmq/ports.ts";

/** Longest token, in bytes. */
export const MAX_TOKEN_BYTES = 256;
/** Longest message, in bytes: host, jail, action, address and three bars. */
export const MAX_MESSAGE_BYTES: number = 253 + 64 + 5 + MAX_ADDRESS_LENGTH + 3;
/** Longest request, in bytes: a token and a bar before a message. */
export const MAX_REQUEST_BYTES: number = MAX_TOKEN_BYTES + 1 +
  MAX_MESSAGE_BYTES;

/** Why a message was rejected. */
export type RejectReason =
  | "oversized"
  | "frames"
  | "encoding"
  | "fields"
  | "token"
  | "host"
  | "jail"
  | "action"
  | "address";

/** A decoded message, or the reason for its rejection. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: RejectReason };

/** A decoded request. */
export interface Protocol1Request {
  /** The reported event. */
  readonly event: BanEvent;
  /** The reply that acknowledges it: the request without its token. */
  readonly acknowledgement: Uint8Array;
  /** Index of its token among the valid ones; `undefined`: none is required. */
  readonly tokenAt: number | undefined;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ACTIONS: Readonly<Record<BanKind, string>> = {
  ban: "Ban",
  unban: "Unban",
};

/** The reply to a refused request. */
export const NAK: Uint8Array = ENCODER.encode("NAK");

/**
 * Renders `host|jail|action|address`: a broadcast, and the line that
 * `subscriberaction = log` ends with.
 *
 * @param event The event.
 * @returns The text.
 */
export function renderMessage(event: BanEvent): string {
  return `${event.origin}|${event.jail}|${
    ACTIONS[event.kind]
  }|${event.address}`;
}

/** Encodes a broadcast. */
export function encodeBroadcast(event: BanEvent): Uint8Array {
  return ENCODER.encode(renderMessage(event));
}

/**
 * Encodes a request.
 *
 * @param event The event to report.
 * @param token The token, if the publisher requires one.
 * @returns The frame to send.
 *
 * @example
 * ```ts
 * import { decodeRequest, encodeRequest } from "./v1.ts";
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const origin = parseHostName("web1");
 * const jail = parseJailName("sshd");
 * const address = parseAddress("192.0.2.1");
 * ok(origin && jail && address);
 * const frame = encodeRequest({ kind: "ban", origin, jail, address }, "secret");
 * strictEqual(new TextDecoder().decode(frame), "secret|web1|sshd|Ban|192.0.2.1");
 *
 * const request = decodeRequest([frame], ["secret"]);
 * ok(request.ok);
 * strictEqual(new TextDecoder().decode(request.value.acknowledgement), "web1|sshd|Ban|192.0.2.1");
 * ```
 */
export function encodeRequest(event: BanEvent, token?: string): Uint8Array {
  const message = renderMessage(event);
  return ENCODER.encode(token === undefined ? message : `${token}|${message}`);
}

/**
 * Decodes a request.
 *
 * @param frames The message's frames, without envelope.
 * @param tokens The valid tokens; empty: none is required.
 * @returns The request, or the reason for its rejection.
 */
export function decodeRequest(
  frames: Frames,
  tokens: readonly string[],
): Decoded<Protocol1Request> {
  const text = decodeText(frames, MAX_REQUEST_BYTES);
  if (!text.ok) return text;
  const authenticated = tokens.length > 0;
  const fields = text.value.split("|", 6);
  if (fields.length !== (authenticated ? 5 : 4)) return reject("fields");
  const token = authenticated ? fields.shift() : undefined;
  const tokenAt = token === undefined ? token : knownTokenAt(token, tokens);
  if (authenticated && tokenAt === undefined) return reject("token");
  const event = decodeFields(fields, parseHostName);
  if (!event.ok) return event;
  const acknowledgement = ENCODER.encode(fields.join("|"));
  return { ok: true, value: { event: event.value, acknowledgement, tokenAt } };
}

/**
 * Decodes a broadcast.
 *
 * @param frames The message's frames.
 * @returns The event, or the reason for its rejection.
 */
export function decodeBroadcast(frames: Frames): Decoded<BanEvent> {
  const text = decodeText(frames, MAX_MESSAGE_BYTES);
  if (!text.ok) return text;
  const fields = text.value.split("|", 5);
  return fields.length === 4
    ? decodeFields(fields, parseOrigin)
    : reject("fields");
}

function decodeText(frames: Frames, maxBytes: number): Decoded<string> {
  const [frame] = frames;
  if (frame === undefined || frames.length !== 1) return reject("frames");
  if (frame.length > maxBytes) return reject("oversized");
  try {
    return { ok: true, value: DECODER.decode(frame) };
  } catch (error) {
    if (error instanceof TypeError) return reject("encoding");
    throw error;
  }
}

function decodeFields(
  fields: readonly string[],
  parseName: (text: string) => HostName | undefined,
): Decoded<BanEvent> {
  const [hostText = "", jailText = "", actionText = "", addressText = ""] =
    fields;
  const origin = parseName(hostText);
  if (origin === undefined) return reject("host");
  const jail = parseJailName(jailText);
  if (jail === undefined) return reject("jail");
  const kind = parseAction(actionText);
  if (kind === undefined) return reject("action");
  const address = parseAddress(addressText);
  if (address === undefined) return reject("address");
  return { ok: true, value: { kind, origin, jail, address } };
}

function parseAction(text: string): BanKind | undefined {
  if (/^ban$/i.test(text)) return "ban";
  if (/^unban$/i.test(text)) return "unban";
  return undefined;
}

function reject(reason: RejectReason): { ok: false; reason: RejectReason } {
  return { ok: false, reason };
}
