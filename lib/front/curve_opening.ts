/**
 * How a handshake of ZMTP's CURVE begins.
 *
 * Whoever makes a connection costs libzmq an engine, and its front a private
 * address. So the front says libzmq's greeting itself, and hands a connection
 * on once its peer has greeted and said HELLO. What is in HELLO only libzmq
 * can tell.
 *
 * @see {@link https://rfc.zeromq.org/spec/23/ | RFC 23}
 * @see {@link https://rfc.zeromq.org/spec/26/ | RFC 26}
 * @module
 */

/** What a peer has said so far, as the beginning of a handshake. */
export type OpeningVerdict =
  /** It may become one. */
  | "more"
  /** It is one. */
  | "begun"
  /** It is none. */
  | "none";

/** How handshakes of a port begin. */
export interface Opening {
  /** What the ZeroMQ socket says first, whoever it is. */
  readonly greeting: Uint8Array<ArrayBuffer>;
  /** Judges what a peer said. @param bytes All of it. */
  judge(bytes: Uint8Array): OpeningVerdict;
}

const GREETING_BYTES = 64;
/** Flags of a short command, and the length of HELLO. */
const HELLO_HEAD = [0x04, 200];
const HELLO_BYTES = HELLO_HEAD.length + 200;
const SIGNATURE_FIRST = 0xff;
/** Place of the last byte of the signature; its lowest bit is 1 since ZMTP 2. */
const SIGNATURE_LAST = 9;
const MAJOR_VERSION = 10;

/** A handshake with a CURVE server of libzmq. */
export const CURVE_OPENING: Opening = { greeting: greeting(), judge };

/** The greeting of libzmq 4.3: ZMTP 3.1. */
function greeting(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes.set([SIGNATURE_FIRST, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
  bytes.set(new TextEncoder().encode("CURVE"), 12);
  return bytes;
}

function judge(bytes: Uint8Array): OpeningVerdict {
  const [first = SIGNATURE_FIRST] = bytes;
  if (first !== SIGNATURE_FIRST) return "none";
  if (((bytes[SIGNATURE_LAST] ?? 1) & 1) === 0) return "none";
  if ((bytes[MAJOR_VERSION] ?? 3) < 3) return "none";
  const isHello = HELLO_HEAD.every((byte, at) =>
    (bytes[GREETING_BYTES + at] ?? byte) === byte
  );
  if (!isHello) return "none";
  return bytes.length >= GREETING_BYTES + HELLO_BYTES ? "begun" : "more";
}
