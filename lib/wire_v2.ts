/**
 * Protocol 2 on the wire: a stand-in of plain JSON until its grammar is there.
 *
 * @module
 */

import type {
  Epoch,
  EventId,
  NodeMessage,
  PublisherMessage,
  SessionId,
} from "./cluster_messages.ts";
import type { Frames } from "./ports.ts";

/** A message that was understood, or why it was not. */
export type DecodedMessage<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** Longest frame on the control socket. */
export const MAX_CONTROL_BYTES = 1_048_576;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true });
const NODE_KINDS: readonly string[] = ["HELLO", "EVENTS", "SYNC", "RECEIPTS"];
const PUBLISHER_KINDS: readonly string[] = [
  "WELCOME",
  "ACK",
  "SNAPSHOT",
  "CHANGES",
  "ERROR",
];

/** Reads the name of an event. */
export function parseEventId(text: string): EventId | undefined {
  return /^[A-Za-z0-9_-]{16,64}$/.test(text) ? text as EventId : undefined;
}

/** Reads the name of a publisher's database. */
export function parseEpoch(text: string): Epoch | undefined {
  return /^[0-9a-f]{32}$/.test(text) ? text as Epoch : undefined;
}

/** Reads the name of a session. */
export function parseSessionId(text: string): SessionId | undefined {
  return /^[0-9a-f]{32}$/.test(text) ? text as SessionId : undefined;
}

/** Encodes what a node says. */
export function encodeNodeMessage(message: NodeMessage): Frames {
  return encode(message);
}

/** Decodes what a node says. */
export function decodeNodeMessage(
  frames: Frames,
): DecodedMessage<NodeMessage> {
  return decode<NodeMessage>(frames, NODE_KINDS);
}

/** Encodes what the publisher answers. */
export function encodePublisherMessage(message: PublisherMessage): Frames {
  return encode(message);
}

/** Decodes what the publisher answers. */
export function decodePublisherMessage(
  frames: Frames,
): DecodedMessage<PublisherMessage> {
  return decode<PublisherMessage>(frames, PUBLISHER_KINDS);
}

function encode(message: NodeMessage | PublisherMessage): Frames {
  const { kind, ...body } = message;
  return ["F2B2", kind, JSON.stringify(body)].map((text) =>
    ENCODER.encode(text)
  );
}

function decode<T>(
  frames: Frames,
  kinds: readonly string[],
): DecodedMessage<T> {
  if (frames.length !== 3) return { ok: false, reason: "frames" };
  try {
    const [magic, kind = "", body = ""] = frames.map((frame) =>
      DECODER.decode(frame)
    );
    if (magic !== "F2B2" || !kinds.includes(kind)) {
      return { ok: false, reason: "kind" };
    }
    return { ok: true, value: { kind, ...JSON.parse(body) } as T };
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) {
      return { ok: false, reason: "body" };
    }
    throw error;
  }
}
