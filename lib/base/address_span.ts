/**
 * The addresses of prefixes as numbers: compared, joined, and made prefixes again.
 *
 * @module
 */

import ipaddr from "ipaddr.js";
import { type Address, addressParts } from "./address.ts";

/** The addresses of a prefix, from the first to the last, as numbers. */
export interface AddressSpan {
  /** Whether the family is IPv4, else IPv6. */
  readonly isIpv4: boolean;
  /** How many bits all of them have in common. */
  readonly prefixBits: number;
  /** The lowest address. */
  readonly first: bigint;
  /** The highest address. */
  readonly last: bigint;
}

const WORD_BYTES = 4;

/** Gives what an address or prefix spans, for many lookups. */
export function addressSpan(address: Address): AddressSpan {
  const { base, prefixBits } = addressParts(address);
  const bytes = base.toByteArray();
  let first = 0n;
  for (let at = 0; at < bytes.length; at += WORD_BYTES) {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(at, at + WORD_BYTES);
    first = (first << 32n) | BigInt(((a * 256 + b) * 256 + c) * 256 + d);
  }
  const hostBits = bytes.length * 8 - prefixBits;
  const last = first | ((1n << BigInt(hostBits)) - 1n);
  return { isIpv4: bytes.length === WORD_BYTES, prefixBits, first, last };
}

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

const BITS = { 4: 32, 6: 128 } as const;

/**
 * Joins networks that meet or touch, and takes out what another one has.
 *
 * @param networks Addresses and prefixes in any order, of both families.
 * @returns Networks of which no two can be joined: IPv4 first, from the lowest
 * address to the highest.
 *
 * @example
 * ```ts
 * import { parseAddress } from "./address.ts";
 * import { aggregated } from "./address_span.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const addresses = ["192.0.2.1", "192.0.2.0", "192.0.2.2", "192.0.2.3"]
 *   .flatMap((text) => parseAddress(text) ?? []);
 * deepStrictEqual(aggregated(addresses), ["192.0.2.0/30"]);
 * ```
 */
export function aggregated(networks: Iterable<Address>): readonly Address[] {
  const spans = [...networks].map(addressSpan);
  return ([4, 6] as const).flatMap((family) => {
    const ranges = joined(
      spans.filter(({ isIpv4 }) => isIpv4 === (family === 4)),
    );
    return ranges.flatMap((range) => networksOf(range, family));
  });
}

/**
 * Compares addresses by number: IPv4 first, of two that begin together the
 * wider one.
 *
 * @returns Negative when `left` comes first, as `Array.sort` wants it.
 */
export function compareSpans(left: AddressSpan, right: AddressSpan): number {
  if (left.isIpv4 !== right.isIpv4) return left.isIpv4 ? -1 : 1;
  if (left.first !== right.first) return left.first < right.first ? -1 : 1;
  return left.prefixBits - right.prefixBits;
}

/** Ranges that neither meet nor touch. */
function joined(spans: readonly AddressSpan[]): readonly Range[] {
  const ranges: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of spans.toSorted(compareSpans)) {
    const before = ranges.at(-1);
    if (before === undefined || first > before.last + 1n) {
      ranges.push({ first, last });
    } else if (last > before.last) {
      before.last = last;
    }
  }
  return ranges;
}

/** The networks that a range is made of, each as wide as can be. */
function networksOf(
  { first, last }: Range,
  family: 4 | 6,
): readonly Address[] {
  const networks: Address[] = [];
  for (let next = first; next <= last;) {
    let hostBits = 0;
    while (hostBits < BITS[family]) {
      const wider = (1n << BigInt(hostBits + 1)) - 1n;
      if ((next & wider) !== 0n || next + wider > last) break;
      hostBits++;
    }
    networks.push(addressOf(next, BITS[family] - hostBits, family));
    next += 1n << BigInt(hostBits);
  }
  return networks;
}

function addressOf(first: bigint, prefixBits: number, family: 4 | 6): Address {
  const bytes = Array.from(
    { length: BITS[family] / 8 },
    (_, at) => Number(first >> BigInt(BITS[family] - 8 * (at + 1)) & 255n),
  );
  const base = family === 4
    ? new ipaddr.IPv4(bytes).toString()
    : new ipaddr.IPv6(bytes).toRFC5952String();
  const isSingle = prefixBits === BITS[family];
  return (isSingle ? base : `${base}/${prefixBits}`) as Address;
}
