/**
 * The beginning of a handshake of ZMTP's CURVE.
 *
 * Any connection costs libzmq an engine and the front a private address. So the
 * front sends libzmq's greeting itself, and hands a connection on only after
 * its peer has sent a greeting and HELLO. Only libzmq can read the contents of
 * HELLO.
 *
 * @see {@link https://rfc.zeromq.org/spec/23/ | RFC 23}
 * @see {@link https://rfc.zeromq.org/spec/26/ | RFC 26}
 * @module
 */

/** Verdict on the first bytes of a peer. */
export type OpeningVerdict =
  /** They may become a handshake. */
  | "more"
  /** They begin a handshake. */
  | "begun"
  /** They are no handshake. */
  | "none";

/** How the handshakes of a port begin. */
export interface Opening {
  /** The first bytes that the ZeroMQ socket sends to any peer. */
  readonly greeting: Uint8Array<ArrayBuffer>;
  /** Judges a peer's first bytes. @param bytes All that it sent. */
  judge(bytes: Uint8Array): OpeningVerdict;
}

const GREETING_BYTES = 64;
/** Flags of a short command, and the length of HELLO. */
const HELLO_HEAD = [0x04, 200];
const HELLO_BYTES = HELLO_HEAD.length + 200;
const SIGNATURE_FIRST = 0xff;
/** Position of the signature's last byte; its lowest bit is 1 since ZMTP 2. */
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
