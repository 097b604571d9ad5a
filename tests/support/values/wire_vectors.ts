/**
 * The test vectors of protocol 2, and functions to run them.
 *
 * @module
 */

import type {
  NodeMessage,
  PublisherMessage,
  StreamMessage,
} from "../../../lib/wire/v2_messages.ts";
import { BanBlock } from "../../../lib/ban/ban_block.ts";
import type { Frames } from "../../../lib/zmq/ports.ts";
import {
  type DecodedV2,
  decodeNodeMessage,
  decodePublisherMessage,
  decodeStreamMessage,
  encodeNodeMessage,
  encodePublisherMessage,
  encodeStreamMessage,
} from "../../../lib/wire/v2.ts";

/** A frame: UTF-8 text, hexadecimal bytes, or a repeated text. */
type VectorFrame = string | {
  readonly hex?: string;
  readonly text?: string;
  readonly times?: number;
};

/** The common part of all vectors. */
export interface Vector {
  readonly name: string;
  /** The sender: `node`, `publisher` or `stream`. */
  readonly from: string;
  readonly frames: readonly VectorFrame[];
}

/** The frames of a vector. */
export function framesOf({ frames }: Vector): Frames {
  return frames.map((frame) => {
    if (typeof frame === "string") return new TextEncoder().encode(frame);
    const { hex, text = "", times = 1 } = frame;
    return hex === undefined
      ? new TextEncoder().encode(text.repeat(times))
      : Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  });
}

/** The message of a vector; a SNAPSHOT has its block as bytes. */
export function messageOf(
  { value }: { readonly value: Readonly<Record<string, unknown>> },
): unknown {
  const { block } = value;
  if (typeof block !== "object" || block === null) return value;
  const hex = "hex" in block ? String(block.hex) : "";
  const read = BanBlock.read(Uint8Array.fromHex(hex));
  if (!read.ok) throw new TypeError(`Not a good block: ${read.reason}`);
  return { ...value, block: read.value };
}

/** Encoder and decoder of a sender's messages. */
export interface Codec {
  encode(message: unknown): Frames;
  decode(frames: Frames): DecodedV2<unknown>;
}

/** The codecs by sender; a test that encodes something else fails. */
const CODECS: Readonly<Record<string, Codec>> = {
  node: {
    encode: (message) => encodeNodeMessage(message as NodeMessage),
    decode: decodeNodeMessage,
  },
  publisher: {
    encode: (message) => encodePublisherMessage(message as PublisherMessage),
    decode: decodePublisherMessage,
  },
  stream: {
    encode: (message) => encodeStreamMessage(message as StreamMessage),
    decode: decodeStreamMessage,
  },
};

/** The codec of a sender's messages. */
export function codecOf(from: string): Codec {
  const codec = CODECS[from];
  if (codec === undefined) throw new TypeError(`Nobody sends as "${from}"`);
  return codec;
}
