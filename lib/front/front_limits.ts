/**
 * Limits of the publisher's ports.
 *
 * All nodes behind one address (NAT) are one source, and all may reconnect at
 * once. So members' limits depend on their keys, not on their addresses.
 *
 * @module
 */

import type { ByteLimits } from "./byte_budget.ts";
import type { FrontLimits } from "./front.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Connections of a port where every peer proves its identity. */
const MEMBERS = {
  maxOpen: 4_096,
  maxOfAddress: 4_096,
  maxShaking: 512,
  maxShakingOfAddress: 256,
  graceMs: 1_000,
  maxOfNode: 64,
};

/** Connections of a port where no peer does. */
const ANYBODY = {
  maxOpen: 2_048,
  maxOfAddress: 1_024,
  maxShaking: Infinity,
  maxShakingOfAddress: Infinity,
  graceMs: 0,
  maxOfNode: Infinity,
};

/**
 * Connections for HTTP: routers fetch a list now and then, and send only the
 * head of a request.
 */
export const HTTP_LIMITS: FrontLimits = {
  ...ANYBODY,
  maxOpen: 64,
  stallMs: 10_000,
  maxOfAddress: 32,
  bytes: {
    handshakeBytes: undefined,
    rate: { burst: 16 * KIB, perSecond: 16 * KIB },
    aboveRate: "cut",
    totalBytes: 64 * KIB,
  },
};

/**
 * Connections for the page: a browser keeps several, one of them open for
 * hours, and all of them come from this host.
 */
export const PAGE_LIMITS: FrontLimits = {
  ...ANYBODY,
  maxOpen: 256,
  maxOfAddress: 256,
  stallMs: 10_000,
  bytes: {
    handshakeBytes: undefined,
    // All browsers behind an ssh tunnel or a proxy are one address.
    rate: { burst: 4 * MIB, perSecond: MIB },
    aboveRate: "wait",
    totalBytes: 16 * MIB,
  },
};

/** Greeting, HELLO and INITIATE together are shorter than 1 KiB. */
const HANDSHAKE_BYTES = 4 * KIB;

/**
 * Subscriptions and heartbeats: one of our peers sends some 20 bytes a second.
 */
function listeningBytes(
  totalBytes: number,
): Omit<ByteLimits, "handshakeBytes"> {
  return {
    rate: { perSecond: 32, burst: 4 * KIB },
    aboveRate: "cut",
    totalBytes,
  };
}

/**
 * Protocol 2's control port: a report of 1,000 bans has some 150 KiB, and more
 * may follow.
 */
export const CONTROL_LIMITS: FrontLimits = {
  ...MEMBERS,
  bytes: {
    handshakeBytes: HANDSHAKE_BYTES,
    // A member that was away may have 100,000 reports at once: 15 MiB.
    rate: { perSecond: 4 * MIB, burst: 16 * MIB },
    aboveRate: "wait",
    // A copy needs as much for each ban; a copy of a million takes 20 s anyway.
    toldRate: { perSecond: 16 * MIB, burst: 64 * MIB },
  },
};

/** Protocol 2's stream: subscribers send almost nothing. */
export const STREAM_LIMITS: FrontLimits = {
  ...MEMBERS,
  bytes: { handshakeBytes: HANDSHAKE_BYTES, ...listeningBytes(256 * KIB) },
};

/**
 * Protocol 1's requests have some 60 bytes, 625 at most; a refused one costs
 * the publisher as much as an accepted one.
 */
export const REPLY_LIMITS: FrontLimits = {
  ...ANYBODY,
  bytes: {
    handshakeBytes: undefined,
    // A host that was away may have 20,000 reports at once.
    rate: { perSecond: 128 * KIB, burst: MIB },
    aboveRate: "wait",
  },
};

/** Protocol 1's broadcasts: like the stream, but without members. */
export const BROADCAST_LIMITS: FrontLimits = {
  ...ANYBODY,
  bytes: { handshakeBytes: undefined, ...listeningBytes(16 * KIB) },
};
