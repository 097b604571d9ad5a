/**
 * Protocol 2: messages <-> frames.
 *
 * ```abnf
 * control-message = magic kind body [block] ; three frames, SNAPSHOT has four
 * stream-message  = ("C" / "H" / "P") body  ; two frames
 * magic           = "F2B2"
 * body            = <JSON, see docs/PROTOCOL.md> / c-body / changes-body
 *                   / receipts
 * block           = <bans, see ../ban/ban_block_bytes.ts>
 * ```
 *
 * Every message has exactly one form. Its body is JSON text without white space
 * and escapes, its members in the documented order, its numbers whole; the
 * bodies of C, CHANGES and RECEIPTS are bytes, see `v2_change_block.ts` and
 * `v2_receipt_block.ts`. Decoding rejects and never repairs. It checks the
 * size, number of frames, magic, kind, UTF-8, depth and width, JSON, the exact
 * set of members, each member's grammar, the rules that span several members,
 * and last that encoding the result gives the same text. A rejected value is
 * never quoted, because it may contain a token.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259 | RFC 8259}
 * @module
 */

import type {
  NodeMessage,
  PublisherMessage,
  StreamMessage,
  WireChange,
} from "./v2_messages.ts";
import { BanBlock } from "../ban/ban_block.ts";
import type { Epoch } from "../base/ids.ts";
import type { Frames } from "../zmq/ports.ts";
import { MAX_CONTROL_BYTES, MAX_STREAM_BYTES } from "./v2_limits.ts";
import {
  type Bodies,
  NODE_BODIES,
  PUBLISHER_BODIES,
  readSnapshotBlock,
  type SnapshotHeader,
  STREAM_BODIES,
} from "./v2_bodies.ts";
import { ByteReader } from "./v2_bytes.ts";
import type { ByteBody } from "./v2_byte_fields.ts";
import { changeBodies } from "./v2_change_block.ts";
import { scanJson } from "./v2_json_scan.ts";
import type { Reading, Shape } from "../base/json_shape.ts";

export {
  MAX_ACTIONS,
  MAX_CHANGES,
  MAX_CONTROL_BYTES,
  MAX_EVENTS,
  MAX_RECEIPTS,
  MAX_SPAN_MS,
  MAX_STREAM_BYTES,
} from "./v2_limits.ts";
export {
  parseEpoch,
  parseEventId,
  parsePlace,
  parseSessionId,
  plainText,
} from "./v2_ids.ts";

/** The step of decoding that rejected a message. */
type RejectStep =
  | "oversized"
  | "frames"
  | "magic"
  | "kind"
  | "encoding"
  | "depth"
  | "json"
  | "canonical"
  | "fields"
  | "block";

/**
 * Why a message was rejected: the step (`oversized`, `frames`, `magic`, `kind`,
 * `encoding`, `depth`, `json`, `canonical`, `fields` where an object has the
 * wrong members, or `block`), or the name of the member with the rejected
 * value. `kind` is both the frame and the member of that name.
 */
export type RejectReasonV2 = string;

/** A decoded message, or the reason for its rejection. */
export type DecodedV2<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: RejectReasonV2 };

/** One direction of one socket. */
interface Channel<M extends { readonly kind: string }> {
  /** The frames before the kind. */
  readonly head: readonly Uint8Array[];
  readonly maxBytes: number;
  readonly kinds: readonly {
    readonly kind: M["kind"];
    readonly frame: Uint8Array;
    readonly body: Shape<object> | ByteBody<object>;
    /** Whether a block follows the body. */
    readonly hasBlock: boolean;
  }[];
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MAGIC = [ENCODER.encode("F2B2")];
const CHANGES_FRAME = ENCODER.encode("C");

const NODE = channel(MAGIC, MAX_CONTROL_BYTES, NODE_BODIES);
const PUBLISHER = channel(MAGIC, MAX_CONTROL_BYTES, PUBLISHER_BODIES);
const STREAM = channel([], MAX_STREAM_BYTES, STREAM_BODIES);

/**
 * Encodes a node's message.
 *
 * @param message The message.
 * @returns Three frames.
 * @throws {TypeError} when a member breaks its grammar or bound; the error
 *   names the member, without its value.
 *
 * @example
 * ```ts
 * import { decodeNodeMessage, encodeNodeMessage, parseSessionId } from "./v2.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const session = parseSessionId("00112233445566778899aabbccddeeff");
 * ok(session);
 * const message = { kind: "SYNC", session, epoch: null, since: 0, part: 0 } as const;
 * const frames = encodeNodeMessage(message);
 * deepStrictEqual(frames.map((frame) => new TextDecoder().decode(frame)), [
 *   "F2B2",
 *   "SYNC",
 *   '{"session":"00112233445566778899aabbccddeeff","epoch":null,"since":0,"part":0}',
 * ]);
 * deepStrictEqual(decodeNodeMessage(frames), { ok: true, value: message });
 * ```
 */
export function encodeNodeMessage(message: NodeMessage): Frames {
  return encode(NODE, message);
}

/**
 * Decodes a node's message.
 *
 * @param frames The message's frames, without envelope.
 * @returns The message, or the reason for its rejection.
 */
export function decodeNodeMessage(frames: Frames): DecodedV2<NodeMessage> {
  return decode(NODE, frames);
}

/**
 * Encodes the publisher's message.
 *
 * @param message The message.
 * @returns Three frames; four for a SNAPSHOT.
 * @throws {TypeError} when a member breaks its grammar or bound; the error
 *   names the member, without its value.
 * @throws {RangeError} when the body is longer than the channel allows.
 */
export function encodePublisherMessage(message: PublisherMessage): Frames {
  return encode(PUBLISHER, message);
}

/**
 * Decodes the publisher's message.
 *
 * @param frames The message's frames.
 * @returns The message, or the reason for its rejection.
 */
export function decodePublisherMessage(
  frames: Frames,
): DecodedV2<PublisherMessage> {
  return decode(PUBLISHER, frames);
}

/**
 * Encodes a message of the stream.
 *
 * @param message The message.
 * @returns Two frames.
 * @throws {TypeError} when a member breaks its grammar or bound; the error
 *   names the member, without its value.
 * @throws {RangeError} when the body is longer than the channel allows.
 */
export function encodeStreamMessage(message: StreamMessage): Frames {
  return encode(STREAM, message);
}

/**
 * Encodes changes for the stream: messages C, each with as many as fit.
 *
 * @param epoch The epoch of the changes' numbers.
 * @param changes Consecutive changes.
 * @returns Two frames for each message.
 * @throws {TypeError} when a member breaks its grammar or bound; the error
 *   names the member, without its value.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { decodeStreamMessage, encodeChanges, parseEpoch } from "./v2.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const epoch = parseEpoch("00112233445566778899aabbccddeeff");
 * const jail = parseJailName("sshd");
 * const address = parseAddress("192.0.2.1");
 * const origin = parseHostName("web1");
 * ok(epoch && jail && address && origin);
 * const first = { kind: "withdraw", seq: 7, agoMs: 0, jail, address, origin } as const;
 * const changes = [first, { ...first, seq: 8 }];
 * const [frames, ...others] = encodeChanges(epoch, changes);
 * deepStrictEqual(others, []);
 * ok(frames);
 * deepStrictEqual(decodeStreamMessage(frames), { ok: true, value: { kind: "C", epoch, changes } });
 * ```
 */
export function encodeChanges(
  epoch: Epoch,
  changes: readonly WireChange[],
): readonly Frames[] {
  return changeBodies(epoch, changes).map((body) => [CHANGES_FRAME, body]);
}

/**
 * Decodes a message of the stream.
 *
 * @param frames The message's frames.
 * @returns The message, or the reason for its rejection.
 */
export function decodeStreamMessage(frames: Frames): DecodedV2<StreamMessage> {
  return decode(STREAM, frames);
}

function channel<M extends { readonly kind: string }>(
  head: readonly Uint8Array[],
  maxBytes: number,
  bodies: Bodies<M>,
): Channel<M> {
  const entries = Object.entries<Shape<object> | ByteBody<object>>(bodies);
  const kinds = entries.map(([kind, body]) => ({
    kind: kind as M["kind"],
    frame: ENCODER.encode(kind),
    body,
    hasBlock: kind === "SNAPSHOT",
  }));
  return { head, maxBytes, kinds };
}

function encode<M extends { readonly kind: string }>(
  { head, maxBytes, kinds }: Channel<M>,
  message: M,
): Frames {
  const kind = kinds.find(({ kind }) => kind === message.kind);
  if (kind === undefined) throw new TypeError("Cannot encode an unknown kind");
  const bytes = "write" in kind.body
    ? kind.body.write(message)
    : encodeJson(kind.kind, message, kind.body);
  if (bytes.length > maxBytes) {
    throw new RangeError(
      `Cannot encode ${kind.kind}: ${bytes.length} bytes are more than ${maxBytes}`,
    );
  }
  const block = "block" in message && message.block instanceof BanBlock
    ? [message.block.bytes]
    : [];
  return [...head, kind.frame, bytes, ...block];
}

function encodeJson(
  kind: string,
  message: object,
  shape: Shape<object>,
): Uint8Array {
  const reading: Reading = { isExact: false, reason: undefined };
  const body = shape.read(message, reading);
  if (body !== undefined) return ENCODER.encode(JSON.stringify(body));
  throw new TypeError(
    `Cannot encode ${kind}: "${reading.reason}" breaks the grammar`,
  );
}

function decode<M extends { readonly kind: string }>(
  { head, maxBytes, kinds }: Channel<M>,
  frames: Frames,
): DecodedV2<M> {
  if (frames.some((frame) => frame.length > maxBytes)) {
    return reject("oversized");
  }
  const [kindFrame, body, block] = frames.slice(head.length);
  const hasBlock = kindFrame !== undefined &&
    kinds.some((kind) => kind.hasBlock && areSame(kind.frame, kindFrame));
  if (
    kindFrame === undefined || body === undefined ||
    frames.length !== head.length + (hasBlock ? 3 : 2)
  ) return reject("frames");
  if (!head.every((expected, index) => areSame(expected, frames[index]))) {
    return reject("magic");
  }
  const kind = kinds.find(({ frame }) => areSame(frame, kindFrame));
  if (kind === undefined) return reject("kind");
  const value = "write" in kind.body
    ? decodeBytes(body, kind.body)
    : decodeJson(body, kind.body);
  if (!value.ok) return value;
  if (block !== undefined) {
    const read = readSnapshotBlock(value.value as SnapshotHeader, block);
    if (read === undefined) return reject("block");
    Object.assign(value.value, { block: read });
  }
  // The body was read as one of this kind.
  return { ok: true, value: { kind: kind.kind, ...value.value } as M };
}

function decodeBytes(
  body: Uint8Array,
  form: ByteBody<object>,
): DecodedV2<object> {
  const bytes = new ByteReader(body);
  const value = form.read(bytes);
  return bytes.refused === undefined
    ? { ok: true, value }
    : { ok: false, reason: bytes.refused };
}

function decodeJson(
  body: Uint8Array,
  shape: Shape<object>,
): DecodedV2<object> {
  const text = attempt(() => DECODER.decode(body), TypeError);
  if (text === undefined) return reject("encoding");
  const excess = scanJson(body);
  if (excess !== undefined) return reject(excess);
  const json = attempt<unknown>(() => JSON.parse(text), SyntaxError);
  if (json === undefined) return reject("json");
  const reading: Reading = { isExact: true, reason: undefined };
  const value = shape.read(json, reading);
  if (value === undefined) {
    return { ok: false, reason: reading.reason ?? "fields" };
  }
  return JSON.stringify(value) === text
    ? { ok: true, value }
    : reject("canonical");
}

/** The result, or `undefined` on the expected failure. */
function attempt<T>(
  make: () => T,
  failure: typeof TypeError | typeof SyntaxError,
): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof failure) return undefined;
    throw error;
  }
}

function areSame(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return left.length === right?.length &&
    left.every((byte, index) => byte === right[index]);
}

function reject(
  reason: RejectStep,
): { readonly ok: false; readonly reason: RejectReasonV2 } {
  return { ok: false, reason };
}
