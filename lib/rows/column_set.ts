/**
 * Bans as columns of numbers, to move many into and out of a table without an
 * object for each: the members are those of a block's columns.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** Values of {@link ColumnSet.spans} from here on mean IPv6. */
export const IPV6_SPAN = 64;

/** Bytes of an IPv6 address. */
export const IPV6_BYTES = 16;

/** Bans, and their reports in the same order. */
export interface ColumnSet {
  /** Names of all jails, without duplicates, sorted. */
  readonly jails: readonly JailName[];
  /** Names of all origins, without duplicates, sorted. */
  readonly origins: readonly HostName[];
  /** By ban: prefix length; for IPv6 {@link IPV6_SPAN} is added. */
  readonly spans: Uint8Array;
  /** The first addresses of IPv4 bans, as numbers, in the bans' order. */
  readonly ipv4: Uint32Array;
  /** The first addresses of IPv6 bans, 16 bytes each, in the bans' order. */
  readonly ipv6: Uint8Array;
  /** By ban: the index of its jail in `jails`. */
  readonly jailIds: Uint16Array;
  /** By ban: the number of its reports; at least 1. */
  readonly reportCounts: Uint16Array;
  /** By ban: the number of its last change. */
  readonly seqs: Float64Array;
  /** By ban: 1 if it is pending, else 0. */
  readonly pending: Uint8Array;
  /** By report: the index of its origin in `origins`. */
  readonly originIds: Uint16Array;
  /** By report: when it was first made, in milliseconds since 1970. */
  readonly firstMs: Float64Array;
  /** By report: when it was last made, in milliseconds since 1970. */
  readonly lastMs: Float64Array;
  /** By report: when it ends, in the same unit; `Infinity`: never. */
  readonly expiresMs: Float64Array;
}

/** Creates columns filled with zeros. */
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
