/**
 * Bans as columns of numbers, by which many go into a table and out of it
 * without an object for each: the members are those of a block's columns.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** Above it in {@link ColumnSet.spans} the family is IPv6. */
export const IPV6_SPAN = 64;

/** Bytes of an address of IPv6. */
export const IPV6_BYTES = 16;

/** Bans, and their reports in the same order. */
export interface ColumnSet {
  /** The names of all jails, each once, sorted. */
  readonly jails: readonly JailName[];
  /** The names of all origins, likewise. */
  readonly origins: readonly HostName[];
  /** By ban: the bits of its prefix, 0 to 32 for IPv4, {@link IPV6_SPAN} and 0 to 128 more for IPv6. */
  readonly spans: Uint8Array;
  /** The first addresses of those of IPv4, as numbers, in the bans' order. */
  readonly ipv4: Uint32Array;
  /** The first addresses of those of IPv6, 16 bytes each in network order, in the bans' order. */
  readonly ipv6: Uint8Array;
  /** By ban: the index of its jail in `jails`. */
  readonly jailIds: Uint16Array;
  /** By ban: how many of the reports are its own; 1 at least. */
  readonly reportCounts: Uint16Array;
  /** By ban: its number. */
  readonly seqs: Float64Array;
  /** By ban: 1 where it is pending, else 0. */
  readonly pending: Uint8Array;
  /** By report: the index of its origin in `origins`. */
  readonly originIds: Uint16Array;
  /** By report: when it was made first, in milliseconds since 1970. */
  readonly firstMs: Float64Array;
  /** By report: when it was made last, likewise. */
  readonly lastMs: Float64Array;
  /** By report: when it ends, likewise; `Infinity`: never. */
  readonly expiresMs: Float64Array;
}

/** Columns full of zeros, for somebody to fill. */
export function emptyColumnSet(
  bans: number,
  reports: number,
  ipv4: number,
): Omit<ColumnSet, "jails" | "origins"> {
  return {
    spans: new Uint8Array(bans),
    ipv4: new Uint32Array(ipv4),
    ipv6: new Uint8Array((bans - ipv4) * IPV6_BYTES),
    jailIds: new Uint16Array(bans),
    reportCounts: new Uint16Array(bans),
    seqs: new Float64Array(bans),
    pending: new Uint8Array(bans),
    originIds: new Uint16Array(reports),
    firstMs: new Float64Array(reports),
    lastMs: new Float64Array(reports),
    expiresMs: new Float64Array(reports),
  };
}
