/**
 * Addresses: canonical text of an IPv4 or IPv6 address or prefix.
 *
 * ```abnf
 * address = ipv4 [ "/" 1*2DIGIT ] / ipv6 [ "/" 1*3DIGIT ]
 * ; ipv4: four decimal octets without leading zeros
 * ; ipv6: RFC 5952 text, no zone, no embedded IPv4
 * ; prefix: host bits zero; /32 and /128 are written without it
 * ```
 *
 * An IPv4-mapped IPv6 address is the IPv4 address, as in fail2ban.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952 | RFC 5952}
 * @module
 */

import ipaddr from "ipaddr.js";

/** Canonical text of an address or prefix; see {@link parseAddress}. */
export type Address = string & { readonly brand: "Address" };

/**
 * Length of the longest canonical text: eight groups of four digits, and
 * `/127`.
 */
export const MAX_ADDRESS_LENGTH = 43;

const IPV4 =
  /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
/**
 * Number of bits before the IPv4 address in an IPv4-mapped one (RFC 4291,
 * 2.5.5.2).
 */
const MAPPED_BITS = 96;
const PREFIX_LENGTH = /^(?:0|[1-9]\d{0,2})$/;

/** The parts of an address. */
export interface AddressParts {
  /** The network address, without prefix length. */
  readonly base: ipaddr.IPv4 | ipaddr.IPv6;
  /** Prefix length in bits; 32 or 128 for a single address. */
  readonly prefixBits: number;
}

/**
 * Reads canonical text. It repairs nothing and rejects text that would print
 * differently, so that two nodes never have two names for one address.
 *
 * @param text Text from a log or the wire.
 * @returns The address, or `undefined` when the text is not canonical.
 *
 * @example
 * ```ts
 * import { parseAddress } from "./address.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseAddress("2001:db8::/48"), "2001:db8::/48");
 * strictEqual(parseAddress("010.0.0.1"), undefined);
 * strictEqual(parseAddress("1.2.3.4 ; reboot"), undefined);
 * ```
 */
export function parseAddress(text: string): Address | undefined {
  if (IPV4.test(text)) return text as Address;
  const canonical = canonicalAddress(text);
  return canonical === text ? canonical : undefined;
}

/**
 * Reads an address as people write it (upper case, IPv4-mapped, host bits set)
 * and returns its canonical text. For configuration and operators only.
 *
 * @param text Text from a person.
 * @returns The address, or `undefined` when the text is no address.
 *
 * @example
 * ```ts
 * import { canonicalAddress } from "./address.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(canonicalAddress("::FFFF:192.0.2.7"), "192.0.2.7");
 * strictEqual(canonicalAddress("192.0.2.77/24"), "192.0.2.0/24");
 * ```
 */
export function canonicalAddress(text: string): Address | undefined {
  if (text.length === 0 || text.length > 64) return undefined;
  const slash = text.indexOf("/");
  const baseText = slash === -1 ? text : text.slice(0, slash);
  const base = parseSingle(baseText);
  if (base === undefined) return undefined;
  if (slash === -1) return printSingle(base) as Address;
  const lengthText = text.slice(slash + 1);
  if (!PREFIX_LENGTH.test(lengthText)) return undefined;
  const maxBits = base.kind() === "ipv4" ? 32 : 128;
  const isMapped = maxBits === 32 && baseText.includes(":");
  const bits = Number(lengthText) - (isMapped ? MAPPED_BITS : 0);
  if (bits < 0 || bits > maxBits) return undefined;
  const network = printSingle(maskTo(base, bits));
  return (bits === maxBits ? network : `${network}/${bits}`) as Address;
}

/**
 * Splits an address into its parts for comparing and matching.
 *
 * @param address A canonical address.
 * @returns Its network address and prefix length.
 */
export function addressParts(address: Address): AddressParts {
  const slash = address.indexOf("/");
  const base = ipaddr.parse(slash === -1 ? address : address.slice(0, slash));
  const maxBits = base.kind() === "ipv4" ? 32 : 128;
  return {
    base,
    prefixBits: slash === -1 ? maxBits : Number(address.slice(slash + 1)),
  };
}

/**
 * Lists the prefixes around an address or prefix, the narrowest first.
 *
 * @param address A canonical address.
 * @returns Canonical prefixes, without the address itself.
 *
 * @example
 * ```ts
 * import { parseAddress, prefixesAround } from "./address.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const address = parseAddress("192.0.2.7");
 * ok(address);
 * strictEqual(prefixesAround(address)[7], "192.0.2.0/24");
 * ```
 */
export function prefixesAround(address: Address): readonly Address[] {
  const { base, prefixBits } = addressParts(address);
  return Array.from({ length: prefixBits }, (_, index) => {
    const bits = prefixBits - 1 - index;
    return `${printSingle(maskTo(base, bits))}/${bits}` as Address;
  });
}

/**
 * The network of a given prefix length around an address or prefix.
 *
 * @param address A canonical address.
 * @param bits The prefix length for its family.
 * @returns The canonical network; `undefined` when the address is as wide
 * itself.
 */
export function networkAround(
  address: Address,
  bits: number,
): Address | undefined {
  const { base, prefixBits } = addressParts(address);
  return bits < prefixBits
    ? `${printSingle(maskTo(base, bits))}/${bits}` as Address
    : undefined;
}

/** Whether an address is IPv4; otherwise it is IPv6. */
export function isIpv4Address(address: Address): boolean {
  return !address.includes(":");
}

function parseSingle(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (IPV4.test(text)) return ipaddr.IPv4.parse(text);
  const colon = text.lastIndexOf(":");
  if (colon === -1 || text.includes("%")) return undefined;
  const groups = text.slice(0, colon + 1) + spellTail(text.slice(colon + 1));
  if (groups.includes(".") || !ipaddr.IPv6.isValid(groups)) return undefined;
  const address = ipaddr.IPv6.parse(groups);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/**
 * Writes an embedded IPv4 address as two groups, because ipaddr.js reads octets
 * with leading zeros or in hexadecimal, and `::1.2.3.4` as `::ffff:1.2.3.4`.
 */
function spellTail(tail: string): string {
  if (!IPV4.test(tail)) return tail;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(tail).octets;
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function printSingle(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return address instanceof ipaddr.IPv6
    ? address.toRFC5952String()
    : address.toString();
}

function maskTo(
  address: ipaddr.IPv4 | ipaddr.IPv6,
  bits: number,
): ipaddr.IPv4 | ipaddr.IPv6 {
  const bytes = address.toByteArray().map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes);
}
