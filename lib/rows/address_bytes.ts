/**
 * Addresses as bytes: from canonical text and back, for many of them.
 *
 * What is read here is canonical already, and what is printed is what {@link
 * "../base/address.ts".parseAddress} takes: neither needs a parser.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { IPV6_BYTES } from "./column_set.ts";

/** Bits of an address of IPv4, and of one of IPv6. */
export const [IPV4_BITS, IPV6_BITS] = [32, 128];

const [SLASH, COLON, DOT, ZERO, LOWER_A] = [0x2f, 0x3a, 0x2e, 0x30, 0x61];
const GROUPS = IPV6_BYTES / 2;
const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, n) => `${n}`);
const groups = new Uint16Array(GROUPS);

/** Bits of the prefix of a canonical address; all of its family for a single one. */
export function prefixBitsOf(address: Address): number {
  const slash = address.lastIndexOf("/");
  if (slash !== -1) return Number(address.slice(slash + 1));
  return address.includes(":") ? IPV6_BITS : IPV4_BITS;
}

/**
 * The first address of a canonical address or prefix of IPv4.
 *
 * @returns 0 to 2^32 - 1.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { ipv4Number, ipv4Text } from "./address_bytes.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const address = parseAddress("192.0.2.0/24");
 * ok(address);
 * strictEqual(ipv4Number(address), 0xc0000200);
 * strictEqual(ipv4Text(0xc0000200, 24), address);
 * ```
 */
export function ipv4Number(address: Address): number {
  let [value, octet] = [0, 0];
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === SLASH) break;
    if (code === DOT) [value, octet] = [value * 256 + octet, 0];
    else octet = octet * 10 + code - ZERO;
  }
  return value * 256 + octet;
}

/**
 * Canonical text of an address or prefix of IPv4.
 *
 * @param value 0 to 2^32 - 1; its host bits are zero.
 * @param prefixBits 0 to 32.
 */
export function ipv4Text(value: number, prefixBits: number): Address {
  const text = `${OCTETS[value >>> 24]}.${OCTETS[value >>> 16 & 255]}.${
    OCTETS[value >>> 8 & 255]
  }.${OCTETS[value & 255]}`;
  return (prefixBits === IPV4_BITS ? text : `${text}/${prefixBits}`) as Address;
}

/**
 * Writes the first address of a canonical address or prefix of IPv6.
 *
 * @param address The address.
 * @param bytes Where to; 16 bytes in network order.
 * @param at Index of the first.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { ipv6Text, writeIpv6 } from "./address_bytes.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const address = parseAddress("2001:db8::/48");
 * ok(address);
 * const bytes = new Uint8Array(16);
 * writeIpv6(address, bytes, 0);
 * strictEqual(ipv6Text(bytes, 0, 48), address);
 * ```
 */
export function writeIpv6(
  address: Address,
  bytes: Uint8Array,
  at: number,
): void {
  let [count, gap, value, digits] = [0, GROUPS, 0, 0];
  for (let index = 0; index < address.length; index++) {
    const code = address.charCodeAt(index);
    if (code === SLASH) break;
    if (code !== COLON) {
      value = value * 16 + code - (code < LOWER_A ? ZERO : LOWER_A - 10);
      digits++;
      continue;
    }
    if (digits > 0) groups[count++] = value;
    if (address.charCodeAt(index + 1) === COLON) gap = count;
    [value, digits] = [0, 0];
  }
  if (digits > 0) groups[count++] = value;
  const missing = GROUPS - count;
  for (let group = 0; group < GROUPS; group++) {
    const from = group < gap ? group : group - missing;
    const bits = group >= gap && from < gap ? 0 : groups[from] ?? 0;
    bytes[at + 2 * group] = bits >>> 8;
    bytes[at + 2 * group + 1] = bits & 255;
  }
}

/**
 * Canonical text of an address or prefix of IPv6.
 *
 * @param bytes Have it in network order; its host bits are zero.
 * @param at Index of the first of 16.
 * @param prefixBits 0 to 128.
 */
export function ipv6Text(
  bytes: Uint8Array,
  at: number,
  prefixBits: number,
): Address {
  for (let group = 0; group < GROUPS; group++) {
    const high = bytes[at + 2 * group] ?? 0;
    groups[group] = high * 256 + (bytes[at + 2 * group + 1] ?? 0);
  }
  const [from, to] = zerosToSkip();
  let text = "";
  for (let group = 0; group < GROUPS; group++) {
    if (group === from) {
      text += "::";
      group = to - 1;
      continue;
    }
    if (group > 0 && group !== to) text += ":";
    text += (groups[group] ?? 0).toString(16);
  }
  return (prefixBits === IPV6_BITS ? text : `${text}/${prefixBits}`) as Address;
}

/** Which of the groups are written as `::`: of the longest runs of zeros the first. */
function zerosToSkip(): readonly [number, number] {
  let [from, to] = [GROUPS, GROUPS];
  for (let group = 0; group < GROUPS; group++) {
    if (groups[group] !== 0) continue;
    let end = group + 1;
    while (end < GROUPS && groups[end] === 0) end++;
    const longest = Math.max(1, to - from);
    if (end - group > longest) [from, to] = [group, end];
    group = end;
  }
  return [from, to];
}
