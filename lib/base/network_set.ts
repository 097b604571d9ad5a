/**
 * A set of networks that says quickly whether an address or prefix meets one.
 *
 * @module
 */

import { type Address, addressParts } from "./address.ts";

/** A network, and its name for people who ask why it matters. */
export interface LabelledNetwork {
  /** The network. */
  readonly network: Address;
  /** Its name for people. */
  readonly label: string;
}

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

interface LabelledSpan extends AddressSpan {
  readonly label: string;
}

const WORD_BYTES = 4;

/**
 * Networks that don't change. A lookup takes about as long as it takes to read
 * the address, however many there are.
 *
 * @example
 * ```ts
 * import { parseAddress } from "./address.ts";
 * import { addressSpan, NetworkSet } from "./network_set.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const network = parseAddress("192.0.2.128/25");
 * const wider = parseAddress("192.0.2.0/24");
 * ok(network && wider);
 * const set = new NetworkSet([{ network, label: "the office" }]);
 * strictEqual(set.overlapping(addressSpan(wider)), "the office");
 * ```
 */
export class NetworkSet {
  readonly #ipv4: readonly LabelledSpan[];
  readonly #ipv6: readonly LabelledSpan[];

  /**
   * Makes the set.
   *
   * @param networks In any order; of equal ones the first gives the label.
   */
  constructor(networks: readonly LabelledNetwork[]) {
    const spans = networks.map(({ network, label }) => ({
      ...addressSpan(network),
      label,
    }));
    this.#ipv4 = outermost(spans.filter(({ isIpv4 }) => isIpv4));
    this.#ipv6 = outermost(spans.filter(({ isIpv4 }) => !isIpv4));
  }

  /**
   * Looks for a network that holds the address, is held by it, or is equal.
   *
   * @param span Of an address or prefix.
   * @returns The label of the lowest such network, the widest where they nest.
   */
  overlapping({ isIpv4, first, last }: AddressSpan): string | undefined {
    const spans = isIpv4 ? this.#ipv4 : this.#ipv6;
    const candidate = spans[firstEndingAtOrAfter(spans, first)];
    return candidate !== undefined && candidate.first <= last
      ? candidate.label
      : undefined;
  }
}

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

/** Sorted and disjoint: prefixes nest or are apart, never half and half. */
function outermost(spans: readonly LabelledSpan[]): readonly LabelledSpan[] {
  const sorted = spans.toSorted((left, right) =>
    compare(left.first, right.first) || compare(right.last, left.last)
  );
  const kept: LabelledSpan[] = [];
  for (const span of sorted) {
    const outer = kept.at(-1);
    if (outer === undefined || span.first > outer.last) kept.push(span);
  }
  return kept;
}

function firstEndingAtOrAfter(
  spans: readonly AddressSpan[],
  from: bigint,
): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const span = spans[middle];
    if (span !== undefined && span.last < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
