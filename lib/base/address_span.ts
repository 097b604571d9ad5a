/**
 * The addresses of a prefix, as numbers.
 *
 * @module
 */

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
