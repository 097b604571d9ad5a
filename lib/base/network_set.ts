/**
 * A set of networks that quickly finds one that an address or prefix overlaps.
 *
 * @module
 */

import { type Address, isIpv4Address } from "./address.ts";
import {
  type AddressSpan,
  addressSpan,
  type Ipv4Range,
  ipv4Range,
} from "./address_span.ts";
import { judgedSpans } from "./embedded_ipv4.ts";

/** A network, and its name for people. */
export interface LabelledNetwork {
  /** The network. */
  readonly network: Address;
  /** Its name for people. */
  readonly label: string;
}

interface LabelledSpan extends AddressSpan {
  readonly label: string;
}

/**
 * An immutable set of networks. A lookup takes about as long as reading the
 * address, however many networks there are.
 *
 * @example
 * ```ts
 * import { parseAddress } from "./address.ts";
 * import { NetworkSet } from "./network_set.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const network = parseAddress("192.0.2.128/25");
 * const wider = parseAddress("192.0.2.0/24");
 * ok(network && wider);
 * const set = new NetworkSet([{ network, label: "the office" }]);
 * strictEqual(set.meeting(wider), "the office");
 * ```
 */
export class NetworkSet {
  /** Bounds as numbers, because every report is compared with them. */
  #ipv4First = new Float64Array();
  #ipv4Last = new Float64Array();
  #ipv4Labels: readonly string[] = [];
  readonly #ipv6: readonly LabelledSpan[];

  /**
   * Creates the set.
   *
   * @param networks In any order; of equal ones the first gives the label.
   */
  constructor(networks: readonly LabelledNetwork[]) {
    const spans = networks.map(({ network, label }) => ({
      ...addressSpan(network),
      label,
    }));
    this.#holdIpv4(outermost(spans.filter(({ isIpv4 }) => isIpv4)));
    this.#ipv6 = outermost(spans.filter(({ isIpv4 }) => !isIpv4));
  }

  #holdIpv4(ipv4: readonly LabelledSpan[]): void {
    this.#ipv4First = Float64Array.from(ipv4, ({ first }) => Number(first));
    this.#ipv4Last = Float64Array.from(ipv4, ({ last }) => Number(last));
    this.#ipv4Labels = ipv4.map(({ label }) => label);
  }

  /**
   * Makes a test whether an IPv4 address or prefix overlaps a network of any
   * set.
   *
   * @param sets Read once; the test is as fast as with one set.
   */
  static ipv4Test(
    sets: readonly NetworkSet[],
  ): (range: Ipv4Range) => boolean {
    const networks = sets.flatMap((set) =>
      set.#ipv4Labels.map((label, at) => ({
        ...{ label, isIpv4: true, prefixBits: 0 },
        first: BigInt(set.#ipv4First[at] ?? 0),
        last: BigInt(set.#ipv4Last[at] ?? 0),
      }))
    );
    const all = new NetworkSet([]);
    all.#holdIpv4(outermost(networks));
    return (range) => all.overlappingIpv4(range) !== undefined;
  }

  /**
   * Finds a network that contains the address, is contained in it, or is equal.
   * IPv4 addresses that it embeds count, too.
   *
   * @param address An address or prefix.
   * @returns As {@link NetworkSet.overlapping}.
   */
  meeting(address: Address): string | undefined {
    if (isIpv4Address(address)) return this.overlappingIpv4(ipv4Range(address));
    for (const span of judgedSpans(address)) {
      const label = this.overlapping(span);
      if (label !== undefined) return label;
    }
    return undefined;
  }

  /**
   * Finds a network that contains the address, is contained in it, or is equal.
   *
   * @param span Of an address or prefix.
   * @returns The label of the lowest such network, of nested ones the widest.
   */
  overlapping(span: AddressSpan): string | undefined {
    const { isIpv4, prefixBits, first, last } = span;
    if (isIpv4) {
      const range = { prefixBits, first: Number(first), last: Number(last) };
      return this.overlappingIpv4(range);
    }
    const spans = this.#ipv6;
    const candidate = spans[firstEndingAtOrAfter(spans, first)];
    return candidate !== undefined && candidate.first <= last
      ? candidate.label
      : undefined;
  }

  /** The same for an IPv4 address or prefix. */
  overlappingIpv4({ first, last }: Ipv4Range): string | undefined {
    let low = 0;
    let high = this.#ipv4Last.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ipv4Last[middle] ?? 0) < first) low = middle + 1;
      else high = middle;
    }
    return (this.#ipv4First[low] ?? Infinity) <= last
      ? this.#ipv4Labels[low]
      : undefined;
  }
}

/**
 * Sorts networks and drops nested ones: prefixes nest or are disjoint, and
 * never overlap partly.
 */
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
