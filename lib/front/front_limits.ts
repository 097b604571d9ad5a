/**
 * Bounds of the publisher's ports.
 *
 * A fleet behind one address (NAT) is one source, and all of it may come back
 * at once: what members may have goes by their keys, not by their addresses.
 *
 * @module
 */

import type { ByteLimits } from "./byte_budget.ts";
import type { FrontLimits } from "./front.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Connections of a port where everybody proves who it is. */
const MEMBERS = {
  maxOpen: 4_096,
  maxOfAddress: 4_096,
  maxShaking: 512,
  maxShakingOfAddress: 256,
  graceMs: 1_000,
  maxOfNode: 64,
};

/** Connections of a port where nobody does. */
const ANYBODY = {
  maxOpen: 2_048,
  maxOfAddress: 1_024,
  maxShaking: Infinity,
  maxShakingOfAddress: Infinity,
  graceMs: 0,
  maxOfNode: Infinity,
};

/**
 * Connections for HTTP: routers fetch a list now and then. What they say is a
 * request's head.
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
 * Connections for the page: a browser keeps some, of which one follows for
 * hours, and all of them come from this host.
 */
export const PAGE_LIMITS: FrontLimits = {
  ...ANYBODY,
  maxOpen: 256,
  maxOfAddress: 256,
  stallMs: 10_000,
  bytes: {
    handshakeBytes: undefined,
    // All browsers of an ssh or a proxy are one address.
    rate: { burst: 4 * MIB, perSecond: MIB },
    aboveRate: "wait",
    totalBytes: 16 * MIB,
  },
};

/** Greeting, HELLO and INITIATE have less than 1 KiB. */
const HANDSHAKE_BYTES = 4 * KIB;

/** Subscriptions and heartbeats: one, and some 20 bytes a second, of a peer of ours. */
function listeningBytes(
  totalBytes: number,
): Omit<ByteLimits, "handshakeBytes"> {
  return {
    rate: { perSecond: 32, burst: 4 * KIB },
    aboveRate: "cut",
    totalBytes,
  };
}

/** Protocol 2's control port: a report of 1,000 bans has some 150 KiB, and may be followed by more. */
export const CONTROL_LIMITS: FrontLimits = {
  ...MEMBERS,
  bytes: {
    handshakeBytes: HANDSHAKE_BYTES,
    // 100,000 reports at once, which a member that was away may have, are 15 MiB.
    rate: { perSecond: 4 * MIB, burst: 16 * MIB },
    aboveRate: "wait",
    // As many bans in a copy are as much; a copy of a million takes 20 s as it is.
    toldRate: { perSecond: 16 * MIB, burst: 64 * MIB },
  },
};

/** Protocol 2's stream: whoever listens has nothing to say. */
export const STREAM_LIMITS: FrontLimits = {
  ...MEMBERS,
  bytes: { handshakeBytes: HANDSHAKE_BYTES, ...listeningBytes(256 * KIB) },
};

/** Protocol 1's requests: of 625 bytes at most, as a rule of 60; a refused one costs the publisher as much as a good one. */
export const REPLY_LIMITS: FrontLimits = {
  ...ANYBODY,
  bytes: {
    handshakeBytes: undefined,
    // 20,000 reports at once, which a host that was away may have.
    rate: { perSecond: 128 * KIB, burst: MIB },
    aboveRate: "wait",
  },
};

/** Protocol 1's broadcasts: as the stream, and nobody is known there. */
export const BROADCAST_LIMITS: FrontLimits = {
  ...ANYBODY,
  bytes: { handshakeBytes: undefined, ...listeningBytes(16 * KIB) },
};
