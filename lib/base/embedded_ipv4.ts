/**
 * IPv6 addresses that embed IPv4 ones. Traffic to them reaches the IPv4 address
 * inside, so rules for that address must apply, too.
 *
 * ```
 * form                     network          IPv4 address
 * IPv4-compatible          ::/96            last 32 bits
 * IPv4-translated          ::ffff:0:0:0/96  last 32 bits
 * NAT64                    64:ff9b::/96     last 32 bits
 * NAT64, a site's own      64:ff9b:1::/48   last 32 bits; or after 48, 56 or 64
 *                                           bits, around the bits 64 to 71
 * 6to4                     2002::/16        bits 16 to 47
 * Teredo                   2001::/32        last 32 bits, each inverted
 * ISATAP                   (any /64)        last 32 bits, after 0:5efe or 200:5efe
 * ```
 *
 * IPv4-mapped addresses (`::ffff:192.0.2.7`) are missing here, because
 * `address.ts` reads them as IPv4.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4291 | RFC 4291, 2.5.5}
 * @see {@link https://www.rfc-editor.org/rfc/rfc2765 | RFC 2765}
 * @see {@link https://www.rfc-editor.org/rfc/rfc6052 | RFC 6052} and
 * {@link https://www.rfc-editor.org/rfc/rfc8215 | RFC 8215}, NAT64
 * @see {@link https://www.rfc-editor.org/rfc/rfc3056 | RFC 3056}, 6to4
 * @see {@link https://www.rfc-editor.org/rfc/rfc4380 | RFC 4380}, Teredo
 * @see {@link https://www.rfc-editor.org/rfc/rfc5214 | RFC 5214}, ISATAP
 * @module
 */

import type { Address } from "./address.ts";
import { type AddressSpan, addressSpan } from "./address_span.ts";

/** Position of the IPv4 address in a form. */
interface EmbeddedForm {
  readonly network: AddressSpan;
  /** Position of the first of its 32 bits. */
  readonly atBit: number;
  readonly isInverted: boolean;
}

const IPV4_BITS = 32;
const IPV4_MASK = 0xffff_ffffn;
const IPV6_BITS = 128;

const FORMS: readonly EmbeddedForm[] = ([
  ["::/96", 96, false],
  ["::ffff:0:0:0/96", 96, false],
  ["64:ff9b::/96", 96, false],
  ["64:ff9b:1::/48", 96, false],
  ["2002::/16", 16, false],
  ["2001::/32", 96, true],
] as const).map(([network, atBit, isInverted]) => ({
  network: addressSpan(network as Address),
  atBit,
  isInverted,
}));

const OWN_NAT64 = addressSpan("64:ff9b:1::/48" as Address);
/** Positions at which a site's own NAT64 may embed the address, in bits. */
const OWN_NAT64_BITS = [48, 56, 64];
/** Bits 64 to 71 are not part of the IPv4 address (RFC 6052, 2.2). */
const RESERVED_AT = 64;
const RESERVED_BITS = 8;
const ISATAP_MARKS = [0x0000_5efen, 0x0200_5efen];

/**
 * All spans to which rules for an address apply: itself, and the IPv4 addresses
 * that it embeds.
 *
 * @param address An address or prefix.
 *
 * @example
 * ```ts
 * import { addressSpan } from "./address_span.ts";
 * import { judgedSpans } from "./embedded_ipv4.ts";
 * import { parseAddress } from "./address.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const nat64 = parseAddress("64:ff9b::c000:207");
 * const inside = parseAddress("192.0.2.7");
 * ok(nat64 && inside);
 * deepStrictEqual(judgedSpans(nat64)[1], addressSpan(inside));
 * deepStrictEqual(judgedSpans(inside), [addressSpan(inside)]);
 * ```
 */
export function judgedSpans(address: Address): readonly AddressSpan[] {
  const span = addressSpan(address);
  return span.isIpv4 ? [span] : [span, ...embedded(span)];
}

function embedded(span: AddressSpan): AddressSpan[] {
  const found = FORMS.filter(({ network }) => overlap(network, span))
    .map((form) => within(span, form));
  return [...found, ...inIsatap(span), ...inOwnNat64(span)]
    .filter(isAddress);
}

/** Addresses that begin with 0 are invalid: `::2` embeds none. */
function isAddress({ first, prefixBits }: AddressSpan): boolean {
  return prefixBits < 8 || first >> 24n !== 0n;
}

/**
 * Embeds an IPv4 network, or all of IPv4 if the prefix is wider than the form.
 */
function within(
  { first, prefixBits }: AddressSpan,
  { network, atBit, isInverted }: EmbeddedForm,
): AddressSpan {
  const isWider = prefixBits < network.prefixBits;
  const bits = isWider ? 0 : prefixBits - atBit;
  const there = first >> BigInt(IPV6_BITS - IPV4_BITS - atBit);
  return ipv4Span(isInverted ? ~there : there, bits);
}

/** Any network may contain such addresses: a prefix below 96 bits has none. */
function inIsatap(span: AddressSpan): AddressSpan[] {
  const bits = span.prefixBits - (IPV6_BITS - IPV4_BITS);
  const mark = (span.first >> BigInt(IPV4_BITS)) & IPV4_MASK;
  return bits >= 0 && ISATAP_MARKS.includes(mark)
    ? [ipv4Span(span.first, bits)]
    : [];
}

/** The form that a site uses can't be seen, so all of them count. */
function inOwnNat64(span: AddressSpan): AddressSpan[] {
  if (span.prefixBits < IPV6_BITS || !overlap(OWN_NAT64, span)) return [];
  return OWN_NAT64_BITS.map((atBit) => {
    const before = RESERVED_AT - atBit;
    const high = bitsOf(span.first, atBit, before);
    const low = bitsOf(
      span.first,
      RESERVED_AT + RESERVED_BITS,
      IPV4_BITS - before,
    );
    return ipv4Span((high << BigInt(IPV4_BITS - before)) | low, IPV4_BITS);
  });
}

function bitsOf(value: bigint, atBit: number, count: number): bigint {
  const shifted = value >> BigInt(IPV6_BITS - atBit - count);
  return shifted & ((1n << BigInt(count)) - 1n);
}

function ipv4Span(value: bigint, bits: number): AddressSpan {
  const prefixBits = Math.min(IPV4_BITS, Math.max(0, bits));
  const hosts = (1n << BigInt(IPV4_BITS - prefixBits)) - 1n;
  const first = value & IPV4_MASK & ~hosts;
  return { isIpv4: true, prefixBits, first, last: first | hosts };
}

function overlap(one: AddressSpan, other: AddressSpan): boolean {
  return one.first <= other.last && other.first <= one.last;
}
